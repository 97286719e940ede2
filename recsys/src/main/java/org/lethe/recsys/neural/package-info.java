/** Networks that read a history of items and predict the next one, and their training. */
@NullMarked
package org.lethe.recsys.neural;

import org.jspecify.annotations.NullMarked;
