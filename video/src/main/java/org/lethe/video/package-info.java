/** Video models: clips, measures of their motion, and the catalogue of the subject. */
@NullMarked
package org.lethe.video;

import org.jspecify.annotations.NullMarked;
