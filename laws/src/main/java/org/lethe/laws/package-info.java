/** What every subject must obey: batteries of tests that a subject runs on its own entries. */
@NullMarked
package org.lethe.laws;

import org.jspecify.annotations.NullMarked;
