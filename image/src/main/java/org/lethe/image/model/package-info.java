/** The image models that a study can name, and their training. */
@NullMarked
package org.lethe.image.model;

import org.jspecify.annotations.NullMarked;
