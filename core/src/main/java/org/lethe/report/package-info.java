/** Reports: what a person reads after a run. */
@NullMarked
package org.lethe.report;

import org.jspecify.annotations.NullMarked;
