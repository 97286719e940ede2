package org.lethe;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A family of models that Lethe works on, with its data sets, models, requests, methods, audits and tools. Subjects are
 * found through {@code ServiceLoader}.
 *
 * <p>An entry of a list is a prototype: a record with its default settings. A study file names it and overrides some of
 * its components.
 *
 * @param <D> the data the subject trains on
 * @param <M> the models of the subject
 */
public interface Subject<D, M> {
    /** As in a study's {@code subject:} line. */
    String name();

    /** The data sets. */
    List<DataSource<D>> data();

    /** The models. */
    List<Learner<D, M>> models();

    /** The requests. */
    List<Request> requests();

    /** The methods. */
    List<Method<D, M>> methods();

    /** The audits. */
    List<Audit<D, M>> audits();

    /** The jobs outside studies. The resource {@code META-INF/lethe/tools} of the module lists them too. */
    default List<Tool<?>> tools() {
        return List.of();
    }

    /**
     * The reference for such a request, which is never a {@link Chain}: retraining for <em>forget</em>, {@link
     * DoNothing} where results are compared with the untreated model. Unless nothing is to be done, its result must not
     * depend on the model it is given: audits also ask for references of other seeds, for which no model before is trained.
     */
    default Method<D, M> reference(Request request) {
        return new DoNothing<>();
    }

    /** Methods that every audit of such a request must reject, beside {@link DoNothing}. */
    default List<Method<D, M>> rejected(Request request) {
        return List.of();
    }

    /** The data that remain once a request is carried out: without the forgotten part, otherwise the same. */
    default D remaining(Request request, D data) {
        return data;
    }

    /** Writes a model as safetensors, with its provenance in the header. */
    void save(M model, Map<String, String> provenance, Path file) throws IOException;

    /** Reads a model that {@link #save} wrote. Its scores are those of the saved model, to the last bit. */
    M load(Path file) throws IOException;
}
