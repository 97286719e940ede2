/** Forgetting clients that leave a federation: requests, methods, and audits of what the classifier still has of them. */
@NullMarked
package org.lethe.federated.forget;

import org.jspecify.annotations.NullMarked;
