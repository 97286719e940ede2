package org.lethe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;

/**
 * The place of a method in the tree of the survey on recommendation unlearning (Li, Feng, Chen and Yang,
 * arXiv 2412.12836): {@code @Taxonomy(Branch.PARTITION)}.
 *
 * <p>A method that stands in several branches names all of them. Methods outside the tree, such as controls and methods that
 * balance or align, have none.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Taxonomy {
    /** The branches in which the method stands. */
    Branch[] value();

    /** The branches without further branches, in the order of the tree. */
    enum Branch {
        /** Training again on what remains. */
        RETRAINING("input unlearning/exact/full retraining"),
        /** Models of parts of the data, which answer together. */
        PARTITION("input unlearning/exact/partition and aggregation"),
        /** One model that learns parts of the data in turn. */
        SEQUENTIAL("input unlearning/exact/partition and sequence"),
        /** Models with a solution in closed form, from which a part can be taken away. */
        ALGEBRAIC("input unlearning/exact/algebraic"),
        /** One or more steps with the inverse Hessian. */
        INFLUENCE("input unlearning/approximate/influence and second order"),
        /** Training with the sign turned round. */
        REVERSE("input unlearning/approximate/reverse training"),
        /** A student of teachers that know less. */
        DISTILLATION("input unlearning/approximate/distillation"),
        /** Parameters that begin afresh or from where they are, and are trained on what remains. */
        REPAIR("input unlearning/approximate/re-initialisation and repair"),
        /** An operator that learned to take something away. */
        OPERATOR("input unlearning/approximate/learned operator"),
        /** Attributes hidden while the model is trained. */
        IN_TRAINING("attribute unlearning/in training"),
        /** Attributes hidden in a finished model. */
        POST_TRAINING("attribute unlearning/after training"),
        /** Models that pass messages along a graph. */
        GRAPH("scenario/graph"),
        /** Sessions, sequences and baskets. */
        SEQUENCE("scenario/sessions, sequences and baskets"),
        /** Federated recommenders and classifiers. */
        FEDERATED("scenario/federated"),
        /** Language models. */
        LANGUAGE("scenario/language models"),
        /** Items with pictures, texts and sounds. */
        MULTI_MODAL("scenario/multi-modal");

        private final String path;

        Branch(String path) {
            this.path = path;
        }

        /** The words from the root of the tree to this branch. */
        public List<String> path() {
            return List.of(path.split("/"));
        }
    }

    /** The branches of an entry of a catalogue. */
    final class Of {
        private Of() {}

        /** The branches on the record's type; empty outside the tree. */
        public static List<Branch> branches(Object entry) {
            Taxonomy taxonomy = entry.getClass().getAnnotation(Taxonomy.class);
            return taxonomy == null ? List.of() : List.of(taxonomy.value());
        }
    }
}
