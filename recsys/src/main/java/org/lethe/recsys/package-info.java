/** The common types of all recommenders, data sets and methods: interactions, model contracts, ranking, the catalogue. */
@NullMarked
package org.lethe.recsys;

import org.jspecify.annotations.NullMarked;
