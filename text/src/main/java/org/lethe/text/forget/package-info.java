/** Methods that make a language model forget samples, and the audits of forgetting. */
@NullMarked
package org.lethe.text.forget;

import org.jspecify.annotations.NullMarked;
