/** Methods that hide an attribute in the embeddings of users, and the attacks that judge them. */
@NullMarked
package org.lethe.recsys.hide;

import org.jspecify.annotations.NullMarked;
