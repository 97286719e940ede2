/** Hiding: methods by which the rows of users stop telling an attribute, and the attacks that judge them. */
@NullMarked
package org.lethe.recsys.hide;

import org.jspecify.annotations.NullMarked;
