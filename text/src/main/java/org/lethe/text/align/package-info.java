/** Methods that align a language model to a behaviour, and the audits of alignment. */
@NullMarked
package org.lethe.text.align;

import org.jspecify.annotations.NullMarked;
