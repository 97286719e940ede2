/** Optical flow, and the motion of camera and objects in it. */
@NullMarked
package org.lethe.video.flow;

import org.jspecify.annotations.NullMarked;
