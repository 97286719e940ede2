/** Classifiers that many clients learn together: tables divided over clients, a server, and the classifiers they agree on. */
@NullMarked
package org.lethe.federated;

import org.jspecify.annotations.NullMarked;
