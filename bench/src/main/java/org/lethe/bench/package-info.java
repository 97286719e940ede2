/** Benchmarks that compare kernels with their stated bounds. */
@NullMarked
package org.lethe.bench;

import org.jspecify.annotations.NullMarked;
