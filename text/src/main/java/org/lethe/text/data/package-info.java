/** Corpora: known sets, files of users, and planted ones. */
@NullMarked
package org.lethe.text.data;

import org.jspecify.annotations.NullMarked;
