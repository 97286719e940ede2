/** Image models: pictures, their metrics, and the catalogue of the subject. */
@NullMarked
package org.lethe.image;

import org.jspecify.annotations.NullMarked;
