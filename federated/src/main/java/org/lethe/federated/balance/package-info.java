/** Serving groups of people equally well, by rounds between clients and a server that leave the records where they are. */
@NullMarked
package org.lethe.federated.balance;

import org.jspecify.annotations.NullMarked;
