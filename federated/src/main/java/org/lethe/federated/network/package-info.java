/** Federations of real processes: the protocol, its server and its clients, over gRPC with mutual TLS. */
@NullMarked
package org.lethe.federated.network;

import org.jspecify.annotations.NullMarked;
