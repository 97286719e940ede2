/** Attacks on protections, which are the audits of the subject. */
@NullMarked
package org.lethe.image.attack;

import org.jspecify.annotations.NullMarked;
