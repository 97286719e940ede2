/** Intervals, tests and curves over samples. */
@NullMarked
package org.lethe.statistics;

import org.jspecify.annotations.NullMarked;
