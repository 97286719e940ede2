package org.lethe;

import java.util.List;
import java.util.stream.Stream;

/**
 * The case that an audit examines: data, request, and the models before, after and of the reference.
 *
 * @param data the data the model was first trained on, forgotten parts included
 * @param remaining the data that every step of the request leaves: the same, unless something was forgotten
 * @param request what was asked
 * @param before the model before the request
 * @param after the model that is judged
 * @param reference what the model should be like: the retrained one for <em>forget</em>, in the method's own form where the
 *     audit asks for that ({@link Audit#ownForm}); else the untreated one
 * @param others more references, trained with other seeds, as many as the audit wants; none where the reference is the
 *     untreated model
 * @param learned what learning {@code before} took
 * @param fulfilled what making {@code after} took
 * @param referenced what making {@code reference} took
 * @param baseline results about {@code before} that this case shares with others of the same data, model before and
 *     seed
 * @param <D> the data a subject trains on
 * @param <M> the models of the subject
 */
public record Case<D, M>(
        D data,
        D remaining,
        Request request,
        M before,
        M after,
        M reference,
        List<M> others,
        Cost learned,
        Cost fulfilled,
        Cost referenced,
        Baseline baseline) {
    public Case {
        others = List.copyOf(others);
    }

    /** A case without costs, for library users and tests, whose request leaves the data as they are. */
    public Case(D data, Request request, M before, M after, M reference) {
        this(data, data, request, before, after, reference);
    }

    /** A case without costs. */
    public Case(D data, D remaining, Request request, M before, M after, M reference) {
        this(data, remaining, request, before, after, reference, List.of());
    }

    /** A case without costs, with references of other seeds. */
    public Case(D data, D remaining, Request request, M before, M after, M reference, List<M> others) {
        this(
                data,
                remaining,
                request,
                before,
                after,
                reference,
                others,
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                new Baseline());
    }

    /** The reference, then those of other seeds. */
    public List<M> references() {
        return Stream.concat(Stream.of(reference), others.stream()).toList();
    }

    /** The same with other references: the first is the reference, the rest have other seeds. */
    public Case<D, M> withReferences(List<M> references) {
        return new Case<>(
                data,
                remaining,
                request,
                before,
                after,
                references.getFirst(),
                references.subList(1, references.size()),
                learned,
                fulfilled,
                referenced,
                baseline);
    }

    /**
     * The case that shows whether an audit accepts a reference: a reference of another seed is judged by those that are
     * left. Without one, the reference is judged by itself.
     */
    public Case<D, M> independent() {
        return new Case<>(
                data,
                remaining,
                request,
                before,
                others.isEmpty() ? reference : others.getFirst(),
                reference,
                others.subList(Math.min(1, others.size()), others.size()),
                learned,
                fulfilled,
                referenced,
                baseline);
    }

    /** Whether nothing was done, as in a control: the models before and after are the same object. */
    @SuppressWarnings("ReferenceEquality") // equal tables may come from two trainings
    public boolean untouched() {
        return before == after;
    }
}
