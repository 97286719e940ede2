/**
 * Optimal transport, useful on its own: {@link org.lethe.transport.TransportProblem} is the front door, and {@link
 * org.lethe.transport.TransportResult} is the answer of the solvers. {@link org.lethe.transport.Line}, {@link
 * org.lethe.transport.Gaussian} and {@link org.lethe.transport.Sliced} need no plan; {@link
 * org.lethe.transport.FreeSupport}, {@link org.lethe.transport.FixedSupport} and {@link
 * org.lethe.transport.GridBarycenter} find barycenters.
 */
@NullMarked
package org.lethe.transport;

import org.jspecify.annotations.NullMarked;
