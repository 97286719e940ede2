/** Intervals and tests over samples, on a library where it has them. */
@NullMarked
package org.lethe.statistics;

import org.jspecify.annotations.NullMarked;
