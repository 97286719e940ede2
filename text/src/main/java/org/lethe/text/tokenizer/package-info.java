/** From text to token ids and back. */
@NullMarked
package org.lethe.text.tokenizer;

import org.jspecify.annotations.NullMarked;
