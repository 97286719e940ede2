/** What every recommender, data set and method here agrees on: interactions, contracts of models, ranking, the catalogue. */
@NullMarked
package org.lethe.recsys;

import org.jspecify.annotations.NullMarked;
