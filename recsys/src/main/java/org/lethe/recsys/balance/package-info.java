/** Serving groups of users equally well: requests, methods and audits. */
@NullMarked
package org.lethe.recsys.balance;

import org.jspecify.annotations.NullMarked;
