/** Methods that forget in networks which predict the next item, one erasure request after another. */
@NullMarked
package org.lethe.recsys.neural.forget;

import org.jspecify.annotations.NullMarked;
