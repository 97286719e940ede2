/** Networks that read a history of items and predict the next one, and methods that forget in them. */
@NullMarked
package org.lethe.recsys.neural;

import org.jspecify.annotations.NullMarked;
