/** A recommender in use: trained on the owner's interactions, served from a folder, and made to forget. */
@NullMarked
package org.lethe.recsys.shop;

import org.jspecify.annotations.NullMarked;
