package org.lethe;

import java.util.List;
import java.util.Optional;

/**
 * Examines a case and returns findings. Attacks are audits.
 *
 * <p>Every audit can fail. The engine also runs it on a method that does nothing and on the reference. The report shows
 * whether the audit rejects the first and accepts the second.
 *
 * @param <D> the data a subject trains on
 * @param <M> the models of the subject
 */
public interface Audit<D, M> {
    /** Measures one case. Random draws depend on {@code env.seed()} alone. */
    List<Finding> examine(Case<D, M> c, Env env);

    /** The side of a model that this audit measures. */
    Aspect aspect();

    /**
     * The reason why this audit measures nothing after such a request and method, as a sentence that begins with its
     * name. Empty where it does measure something, which is the default.
     */
    default Optional<String> unsuited(Request request, Method<D, M> method) {
        return Optional.empty();
    }

    /**
     * How many more references, trained with other seeds, the audit wants beside the first: they show how far apart two
     * trainings on the same data are. Each costs one training for each data set, model, request and seed, which all
     * methods and audits share. By default none. A record with a component of this name makes it a setting.
     */
    default int retrainings() {
        return 0;
    }

    /**
     * Whether the audit compares a method that learns in a form of its own, as in shards, with that same form learned from
     * the beginning on the data that a request to forget leaves, and not with the subject's reference. So it sees what the
     * request did, and not what the form does. Each such method costs one more learning for each request and seed, or {@link
     * #retrainings} more where it promises less than all bits. By default false. A chain of requests keeps the reference.
     */
    default boolean ownForm() {
        return false;
    }

    /** Pictures of the same case for the report; most audits have none. */
    default List<Picture> pictures(Case<D, M> c, Env env) {
        return List.of();
    }

    /** One sentence for the report: what a pass does not prove. */
    String limits();
}
