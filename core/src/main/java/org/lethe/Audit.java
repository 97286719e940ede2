package org.lethe;

import java.util.List;

/**
 * Looks at a case and returns findings. Attacks are audits.
 *
 * <p>Every audit can fail: the engine runs it on a method that does nothing and on the reference as well, and the report
 * shows whether the first was rejected and the second accepted.
 *
 * @param <D> the data a subject trains on
 * @param <M> the models of the subject
 */
public interface Audit<D, M> {
    /** Measures one case. Draws of chance come from {@code env.seed()} alone. */
    List<Finding> examine(Case<D, M> c, Env env);

    /** Refuses, by {@link LetheException}, a request after which there is nothing to measure; by default none. */
    default void requireSuited(Request request) {}

    /** What the same case looks like, for the report; nothing, for most audits. */
    default List<Picture> pictures(Case<D, M> c, Env env) {
        return List.of();
    }

    /** One sentence for the report: what a pass does not prove. */
    String limits();
}
