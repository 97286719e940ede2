/** The data sets that recommenders learn from: planted, published or your own file, read and divided into three parts. */
@NullMarked
package org.lethe.recsys.data;

import org.jspecify.annotations.NullMarked;
