/** Optimal transport, useful on its own. */
@NullMarked
package org.lethe.transport;

import org.jspecify.annotations.NullMarked;
