/** Sessions and baskets: what people clicked or bought in order, the models that predict what comes next, and their subjects. */
@NullMarked
package org.lethe.recsys.sequence;

import org.jspecify.annotations.NullMarked;
