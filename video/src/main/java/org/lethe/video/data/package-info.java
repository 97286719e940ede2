/** Clips from files, and clips drawn with known motion. */
@NullMarked
package org.lethe.video.data;

import org.jspecify.annotations.NullMarked;
