/** Attacks on any model: classifiers that guess a label from features, and thresholds on a score, with intervals and controls. */
@NullMarked
package org.lethe.attack;

import org.jspecify.annotations.NullMarked;
