package org.lethe;

/**
 * The case that an audit examines: data, request, and the models before, after and of the reference.
 *
 * @param data the data the model was first trained on, forgotten parts included
 * @param remaining the data that every step of the request leaves: the same, unless something was forgotten
 * @param request what was asked
 * @param before the model before the request
 * @param after the model that is judged
 * @param reference what the model should be like: the retrained one for <em>forget</em>, else the untreated one
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
        Cost learned,
        Cost fulfilled,
        Cost referenced,
        Baseline baseline) {
    /** A case without costs, for library users and tests, whose request leaves the data as they are. */
    public Case(D data, Request request, M before, M after, M reference) {
        this(data, data, request, before, after, reference);
    }

    /** A case without costs. */
    public Case(D data, D remaining, Request request, M before, M after, M reference) {
        this(data, remaining, request, before, after, reference, Cost.NONE, Cost.NONE, Cost.NONE, new Baseline());
    }

    /** Whether nothing was done, as in a control: the models before and after are the same object. */
    @SuppressWarnings("ReferenceEquality") // equal tables may come from two trainings
    public boolean untouched() {
        return before == after;
    }
}
