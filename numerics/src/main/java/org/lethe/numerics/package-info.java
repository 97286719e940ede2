/**
 * Vector kernels with a scalar reference each, fixed-order sums, exponentials and keyed randomness, on the JDK alone.
 */
@NullMarked
package org.lethe.numerics;

import org.jspecify.annotations.NullMarked;
