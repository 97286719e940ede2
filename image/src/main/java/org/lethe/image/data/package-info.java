/** The galleries that a study can name. */
@NullMarked
package org.lethe.image.data;

import org.jspecify.annotations.NullMarked;
