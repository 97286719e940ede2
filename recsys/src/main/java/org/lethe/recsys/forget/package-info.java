/** Methods that make a recommender forget users, items or interactions, and the audits of forgetting. */
@NullMarked
package org.lethe.recsys.forget;

import org.jspecify.annotations.NullMarked;
