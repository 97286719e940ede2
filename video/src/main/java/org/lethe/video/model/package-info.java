/** The estimator of motion intensities and its training. */
@NullMarked
package org.lethe.video.model;

import org.jspecify.annotations.NullMarked;
