/** Interactions, recommenders and ranking. */
@NullMarked
package org.lethe.recsys;

import org.jspecify.annotations.NullMarked;
