/** Asking people which of two clips moves more. */
@NullMarked
package org.lethe.video.annotate;

import org.jspecify.annotations.NullMarked;
