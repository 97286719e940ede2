/** Methods that make a recommender forget by moving its tables: influence, ascent, distillation, reset and repair, operators. */
@NullMarked
package org.lethe.recsys.approximate;

import org.jspecify.annotations.NullMarked;
