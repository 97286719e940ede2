/** Streams of erasure requests, the methods that serve them one after another, and the audits of a whole stream. */
@NullMarked
package org.lethe.recsys.stream;

import org.jspecify.annotations.NullMarked;
