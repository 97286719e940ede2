/** The data sets that recommenders learn from: synthetic, published or your own file, read and split into three parts. */
@NullMarked
package org.lethe.recsys.data;

import org.jspecify.annotations.NullMarked;
