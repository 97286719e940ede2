package org.lethe;

import java.util.List;
import java.util.Optional;

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

    /** What it measures a model by. */
    Aspect aspect();

    /**
     * Why there is nothing to measure after such a request was carried out by such a method, as a sentence that begins with
     * the audit's name; empty where there is. By default there always is.
     */
    default Optional<String> unsuited(Request request, Method<D, M> method) {
        return Optional.empty();
    }

    /** What the same case looks like, for the report; nothing, for most audits. */
    default List<Picture> pictures(Case<D, M> c, Env env) {
        return List.of();
    }

    /** One sentence for the report: what a pass does not prove. */
    String limits();
}
