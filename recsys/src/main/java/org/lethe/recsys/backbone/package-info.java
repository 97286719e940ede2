/** The recommenders that can be trained, from matrix factorisation to autoencoders, and what trains them. */
@NullMarked
package org.lethe.recsys.backbone;

import org.jspecify.annotations.NullMarked;
