/** The vocabulary: subjects, requests, methods, audits, findings, and the surroundings they run in. */
@NullMarked
package org.lethe;

import org.jspecify.annotations.NullMarked;
