/** The {@code lethe} command. */
@NullMarked
package org.lethe.cli;

import org.jspecify.annotations.NullMarked;
