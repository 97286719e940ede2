/** Making a recommender forget users, items or interactions, and the audits that tell whether it did. */
@NullMarked
package org.lethe.recsys.forget;

import org.jspecify.annotations.NullMarked;
