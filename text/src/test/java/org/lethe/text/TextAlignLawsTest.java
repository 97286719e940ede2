package org.lethe.text;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;
import org.lethe.text.data.PoliteAnswers;

/** The methods that align, each for a moment on a model of one block. */
class TextAlignLawsTest extends MethodLaws<Corpus, LanguageModel> {
    @Override
    protected Subject<Corpus, LanguageModel> subject() {
        return new Text();
    }

    @Override
    protected Corpus data() {
        return new PoliteAnswers().load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Corpus, LanguageModel>> models() {
        return only(subject().models(), "gpt {dims: 16, layers: 1, heads: 2, context: 24, epochs: 1, batch: 64}");
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "align {pairs: 8, percent: 10}");
    }

    @Override
    protected List<Method<Corpus, LanguageModel>> methods() {
        return only(subject().methods(), "u2a {rounds: 1, epochs: 1}", "dpo {epochs: 1}");
    }

    @Override
    protected List<Request> nothing() {
        return List.of();
    }
}
