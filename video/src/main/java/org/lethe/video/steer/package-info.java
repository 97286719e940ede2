/** Scoring and steering motion. */
@NullMarked
package org.lethe.video.steer;

import org.jspecify.annotations.NullMarked;
