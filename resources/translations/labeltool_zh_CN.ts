<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>ActionSet</name>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Swap with the previous class</source>
        <translation>与上一类别互换</translation>
    </message>
    <message>
        <source>Add a class…</source>
        <translation>添加类别…</translation>
    </message>
    <message>
        <source>Next class</source>
        <translation>下一类别</translation>
    </message>
    <message>
        <source>Previous class</source>
        <translation>上一类别</translation>
    </message>
    <message>
        <source>Paint anywhere</source>
        <translation>任意位置可涂</translation>
    </message>
    <message>
        <source>Paint only over the class at hand</source>
        <translation>仅涂在当前类别上</translation>
    </message>
    <message>
        <source>Paint only what is unlabelled</source>
        <translation>仅涂未标注像素</translation>
    </message>
    <message>
        <source>Human pixels stay</source>
        <translation>保护人工像素</translation>
    </message>
    <message>
        <source>What people have set or imported is not painted over</source>
        <translation>人工设置或导入的像素不会被覆盖</translation>
    </message>
    <message>
        <source>Class {n}</source>
        <translation>类别 {n}</translation>
    </message>
    <message>
        <source>Background</source>
        <translation>背景</translation>
    </message>
    <message>
        <source>Show or hide class {n}</source>
        <translation>显示或隐藏类别 {n}</translation>
    </message>
    <message>
        <source>Show or hide the background</source>
        <translation>显示或隐藏背景</translation>
    </message>
    <message>
        <source>Lock or unlock class {n}</source>
        <translation>锁定或解锁类别 {n}</translation>
    </message>
    <message>
        <source>Lock or unlock the background</source>
        <translation>锁定或解锁背景</translation>
    </message>
    <message>
        <source>New project…</source>
        <translation>新建项目…</translation>
    </message>
    <message>
        <source>Open project…</source>
        <translation>打开项目…</translation>
    </message>
    <message>
        <source>Add images…</source>
        <translation>添加图像…</translation>
    </message>
    <message>
        <source>Add a folder of images…</source>
        <translation>添加图像文件夹…</translation>
    </message>
    <message>
        <source>Find missing images…</source>
        <translation>查找缺失的图像…</translation>
    </message>
    <message>
        <source>Those that were moved or renamed, by what is in the files</source>
        <translation>按文件内容查找被移动或重命名的图像</translation>
    </message>
    <message>
        <source>Import labels…</source>
        <translation>导入标注…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Save now</source>
        <translation>立即保存</translation>
    </message>
    <message>
        <source>Everything is saved anyway, as each stroke ends</source>
        <translation>每一笔结束时都会自动保存</translation>
    </message>
    <message>
        <source>Edit this project now</source>
        <translation>立即编辑此项目</translation>
    </message>
    <message>
        <source>Where it was opened to view, and whoever edited it is done</source>
        <translation>以查看方式打开且编辑者已结束时</translation>
    </message>
    <message>
        <source>Bring back unsaved work…</source>
        <translation>找回未保存的工作…</translation>
    </message>
    <message>
        <source>Changes that could not be saved, and were kept in a file</source>
        <translation>无法保存而暂存在文件中的更改</translation>
    </message>
    <message>
        <source>Close project</source>
        <translation>关闭项目</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Keys and mouse…</source>
        <translation>键盘与鼠标…</translation>
    </message>
    <message>
        <source>Find an action…</source>
        <translation>查找操作…</translation>
    </message>
    <message>
        <source>Report of a problem…</source>
        <translation>问题报告…</translation>
    </message>
    <message>
        <source>Open the folder of logs</source>
        <translation>打开日志文件夹</translation>
    </message>
    <message>
        <source>About labeltool</source>
        <translation>关于 labeltool</translation>
    </message>
    <message>
        <source>Next image</source>
        <translation>下一张图像</translation>
    </message>
    <message>
        <source>Previous image</source>
        <translation>上一张图像</translation>
    </message>
    <message>
        <source>Next suggestion</source>
        <translation>下一条推荐</translation>
    </message>
    <message>
        <source>The next entry of the queue that is not done</source>
        <translation>队列中下一个未完成的条目</translation>
    </message>
    <message>
        <source>Previous suggestion</source>
        <translation>上一条推荐</translation>
    </message>
    <message>
        <source>The entry of the queue before this one that is not done</source>
        <translation>队列中上一个未完成的条目</translation>
    </message>
    <message>
        <source>Rank what to label next…</source>
        <translation>排列标注顺序…</translation>
    </message>
    <message>
        <source>Puts images in the order in which labelling them teaches a model most</source>
        <translation>按标注后对模型帮助的大小排列图像</translation>
    </message>
    <message>
        <source>Next page or slice</source>
        <translation>下一页或切片</translation>
    </message>
    <message>
        <source>Previous page or slice</source>
        <translation>上一页或切片</translation>
    </message>
    <message>
        <source>Next doubtful spot or error</source>
        <translation>下一处疑点或错误</translation>
    </message>
    <message>
        <source>Where the model is less sure than the slider says and nobody has looked, most doubt first</source>
        <translation>模型置信度低于滑块值且无人查看过之处，最可疑的在前</translation>
    </message>
    <message>
        <source>Previous doubtful spot or error</source>
        <translation>上一处疑点或错误</translation>
    </message>
    <message>
        <source>Next part never looked at</source>
        <translation>下一处从未查看的区域</translation>
    </message>
    <message>
        <source>At 100 % or more, as large as the canvas has room for</source>
        <translation>以 100 % 或更大比例显示，充满画布</translation>
    </message>
    <message>
        <source>Go to the list of images</source>
        <translation>转到图像列表</translation>
    </message>
    <message>
        <source>The arrow keys choose one, Enter opens it, Del removes it, Esc goes back to the canvas</source>
        <translation>方向键选择，回车打开，Del 移除，Esc 返回画布</translation>
    </message>
    <message>
        <source>Train, val and test…</source>
        <translation>训练集、验证集和测试集…</translation>
    </message>
    <message>
        <source>Remove from the project…</source>
        <translation>从项目中移除…</translation>
    </message>
    <message>
        <source>The images that are marked in the list, as Del does there; Removed images… brings them back</source>
        <translation>列表中选中的图像，与在列表中按 Del 相同；“已移除的图像…”可恢复</translation>
    </message>
    <message>
        <source>Removed images…</source>
        <translation>已移除的图像…</translation>
    </message>
    <message>
        <source>Images taken out of the project; brings them back with their labels</source>
        <translation>已移出项目的图像；可连同标注恢复</translation>
    </message>
    <message>
        <source>Measures…</source>
        <translation>测量…</translation>
    </message>
    <message>
        <source>Areas and lengths of objects and classes as a table</source>
        <translation>以表格列出对象和类别的面积与长度</translation>
    </message>
    <message>
        <source>Pre-label this image</source>
        <translation>预标注此图像</translation>
    </message>
    <message>
        <source>A model draws the mask; pixels set by a human never change</source>
        <translation>由模型绘制掩膜；人工设置的像素不会改变</translation>
    </message>
    <message>
        <source>Pre-label all images</source>
        <translation>预标注全部图像</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Whoever labels this image says that it is finished</source>
        <translation>由标注者本人声明此图像已标完</translation>
    </message>
    <message>
        <source>Approve</source>
        <translation>批准</translation>
    </message>
    <message>
        <source>Mark this image as finished; any edit takes that back</source>
        <translation>将此图像标记为已批准；任何编辑都会使其失效</translation>
    </message>
    <message>
        <source>Reject…</source>
        <translation>驳回…</translation>
    </message>
    <message>
        <source>Say what is to be changed; whoever opens the image reads it</source>
        <translation>说明需要修改之处；打开此图像的人会看到</translation>
    </message>
    <message>
        <source>In work again</source>
        <translation>退回处理</translation>
    </message>
    <message>
        <source>Takes back what was decided on this image</source>
        <translation>撤回对此图像的决定</translation>
    </message>
    <message>
        <source>Comment here…</source>
        <translation>在此评论…</translation>
    </message>
    <message>
        <source>Pins a comment to the place under the pointer</source>
        <translation>将评论钉在指针所指之处</translation>
    </message>
    <message>
        <source>Next comment</source>
        <translation>下一条评论</translation>
    </message>
    <message>
        <source>Of those that the panel Comments lists</source>
        <translation>“评论”面板所列的评论</translation>
    </message>
    <message>
        <source>Previous comment</source>
        <translation>上一条评论</translation>
    </message>
    <message>
        <source>History</source>
        <translation>历史</translation>
    </message>
    <message>
        <source>What was done to this image; shows its mask as it was then, and brings that back</source>
        <translation>对此图像做过的操作；可查看并恢复当时的掩膜</translation>
    </message>
    <message>
        <source>Other annotators&apos; layers…</source>
        <translation>其他标注员的图层…</translation>
    </message>
    <message>
        <source>Keep this annotation as a layer beside it, so that somebody else can label the image blind</source>
        <translation>将此标注另存为旁边的图层，以便他人独立盲标</translation>
    </message>
    <message>
        <source>New object</source>
        <translation>新对象</translation>
    </message>
    <message>
        <source>Take the model&apos;s answer here</source>
        <translation>在此采用模型结果</translation>
    </message>
    <message>
        <source>Copy from the previous image</source>
        <translation>从上一张图像复制</translation>
    </message>
    <message>
        <source>Grow…</source>
        <translation>扩张…</translation>
    </message>
    <message>
        <source>Shrink…</source>
        <translation>收缩…</translation>
    </message>
    <message>
        <source>Smooth…</source>
        <translation>平滑…</translation>
    </message>
    <message>
        <source>Fill holes…</source>
        <translation>填充孔洞…</translation>
    </message>
    <message>
        <source>Remove islands…</source>
        <translation>移除孤岛…</translation>
    </message>
    <message>
        <source>Keep the largest…</source>
        <translation>保留最大…</translation>
    </message>
    <message>
        <source>Split touching objects…</source>
        <translation>分割粘连对象…</translation>
    </message>
    <message>
        <source>Teach while correcting</source>
        <translation>边改边教</translation>
    </message>
    <message>
        <source>What you paint teaches the model, and it offers a better mask for the rest of the image</source>
        <translation>您所涂的内容会教给模型，模型据此为图像其余部分提议更好的掩膜</translation>
    </message>
    <message>
        <source>Take the offered region</source>
        <translation>采用提议区域</translation>
    </message>
    <message>
        <source>The one under the pointer, or that was shown last (Enter)</source>
        <translation>指针下的区域，或最近显示的区域（Enter）</translation>
    </message>
    <message>
        <source>Take all that is offered</source>
        <translation>采用全部提议</translation>
    </message>
    <message>
        <source>As one step of undo; what people have set stays</source>
        <translation>作为一步撤销；人工设置的像素保持不变</translation>
    </message>
    <message>
        <source>Decline what is offered</source>
        <translation>拒绝提议</translation>
    </message>
    <message>
        <source>Until the next stroke</source>
        <translation>直到下一笔</translation>
    </message>
    <message>
        <source>Next offered region</source>
        <translation>下一个提议区域</translation>
    </message>
    <message>
        <source>The largest first; Enter takes the one that is shown</source>
        <translation>从大到小；按 Enter 采用当前显示的区域</translation>
    </message>
    <message>
        <source>Previous offered region</source>
        <translation>上一个提议区域</translation>
    </message>
    <message>
        <source>New training…</source>
        <translation>新建训练…</translation>
    </message>
    <message>
        <source>Train a network on what people have labelled</source>
        <translation>用人工标注的内容训练网络</translation>
    </message>
    <message>
        <source>Start a round</source>
        <translation>开始一轮</translation>
    </message>
    <message>
        <source>Train on what is labelled, compare on the test images, and use the new model unless it is worse</source>
        <translation>用已标注内容训练，在测试图像上比较，新模型不差于旧模型时启用</translation>
    </message>
    <message>
        <source>Settings of rounds…</source>
        <translation>轮次设置…</translation>
    </message>
    <message>
        <source>When a round begins by itself, and how it trains</source>
        <translation>一轮何时自动开始，以及如何训练</translation>
    </message>
    <message>
        <source>Stop the training</source>
        <translation>停止训练</translation>
    </message>
    <message>
        <source>The best weights so far are kept, and it can go on later</source>
        <translation>保留目前最佳权重，之后可继续</translation>
    </message>
    <message>
        <source>Go on with the training</source>
        <translation>继续训练</translation>
    </message>
    <message>
        <source>From where it stopped, as if it had never been stopped</source>
        <translation>从停止处继续，如同从未中断</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>使用此模型</translation>
    </message>
    <message>
        <source>It pre-labels from now on, here and on the command line</source>
        <translation>此后由它预标注，命令行中亦然</translation>
    </message>
    <message>
        <source>Back to the model used before</source>
        <translation>退回先前使用的模型</translation>
    </message>
    <message>
        <source>Compare two models…</source>
        <translation>比较两个模型…</translation>
    </message>
    <message>
        <source>Both on the same images, class by class and image by image</source>
        <translation>在相同图像上逐类、逐图比较</translation>
    </message>
    <message>
        <source>Pre-label the image at hand with it</source>
        <translation>用它预标注当前图像</translation>
    </message>
    <message>
        <source>Pre-label all images with it</source>
        <translation>用它预标注全部图像</translation>
    </message>
    <message>
        <source>Add a model from a file…</source>
        <translation>从文件添加模型…</translation>
    </message>
    <message>
        <source>Copies weights (safetensors) with their card into the project</source>
        <translation>将权重（safetensors）及其模型卡复制到项目中</translation>
    </message>
    <message>
        <source>Export the model as ONNX…</source>
        <translation>将模型导出为 ONNX…</translation>
    </message>
    <message>
        <source>One file for other programs: pixels in, classes and confidence out</source>
        <translation>供其他程序使用的单个文件：输入像素，输出类别和置信度</translation>
    </message>
    <message>
        <source>Delete the training or model…</source>
        <translation>删除训练或模型…</translation>
    </message>
    <message>
        <source>Compare again</source>
        <translation>重新比较</translation>
    </message>
    <message>
        <source>Hold the annotation against the layer; what has not changed is not looked at</source>
        <translation>将标注与对照图层比较；未改变的不再计算</translation>
    </message>
    <message>
        <source>The other layer is right</source>
        <translation>对照图层正确</translation>
    </message>
    <message>
        <source>These pixels become what the other layer says (Enter)</source>
        <translation>这些像素改为对照图层的结果（Enter）</translation>
    </message>
    <message>
        <source>The annotation is right</source>
        <translation>标注正确</translation>
    </message>
    <message>
        <source>These pixels stay as they are, and are not listed any more</source>
        <translation>这些像素保持不变，并不再列出</translation>
    </message>
    <message>
        <source>Both are wrong</source>
        <translation>两者都错</translation>
    </message>
    <message>
        <source>These pixels are unlabelled again, to be painted now</source>
        <translation>这些像素恢复为未标注，随后重新涂画</translation>
    </message>
    <message>
        <source>Ignore these pixels</source>
        <translation>忽略这些像素</translation>
    </message>
    <message>
        <source>Nobody trains on them and nobody counts them</source>
        <translation>不参与训练，也不计入统计</translation>
    </message>
    <message>
        <source>Find label errors…</source>
        <translation>查找标注错误…</translation>
    </message>
    <message>
        <source>List where models that have not seen an image contradict its labels</source>
        <translation>列出未见过该图像的模型与其标注相矛盾之处</translation>
    </message>
    <message>
        <source>Agreement and gold…</source>
        <translation>一致性与金标准…</translation>
    </message>
    <message>
        <source>How far annotators agree, and how well they label hidden gold images</source>
        <translation>标注员之间的一致程度，以及他们标注隐藏金标准图像的质量</translation>
    </message>
    <message>
        <source>no project is open</source>
        <translation>未打开项目</translation>
    </message>
    <message>
        <source>no project is open that may be changed</source>
        <translation>未打开可修改的项目</translation>
    </message>
    <message>
        <source>the project may be changed already, or none is open</source>
        <translation>项目已可编辑，或未打开项目</translation>
    </message>
    <message>
        <source>it belongs to the workspace Annotate</source>
        <translation>属于“标注”工作区</translation>
    </message>
    <message>
        <source>no image is open</source>
        <translation>未打开图像</translation>
    </message>
    <message>
        <source>no image is open that may be changed</source>
        <translation>未打开可修改的图像</translation>
    </message>
    <message>
        <source>the image is no page of a series</source>
        <translation>该图像不是序列中的一页</translation>
    </message>
    <message>
        <source>nobody has decided on this image</source>
        <translation>尚无人对此图像作出决定</translation>
    </message>
    <message>
        <source>no comments are listed</source>
        <translation>没有列出评论</translation>
    </message>
    <message>
        <source>nothing is offered; switch Teach while correcting on, then paint on the image</source>
        <translation>没有提议；请打开“边改边教”，然后在图像上涂画</translation>
    </message>
    <message>
        <source>no model has been over this image; pre-label it first</source>
        <translation>尚无模型处理过此图像；请先预标注</translation>
    </message>
    <message>
        <source>nothing is ranked that is not done; rank what to label next</source>
        <translation>没有已排序且未完成的条目；请先排列标注顺序</translation>
    </message>
    <message>
        <source>the image is no CT, which these windows are for</source>
        <translation>此图像不是 CT，这些窗不适用</translation>
    </message>
    <message>
        <source>the image&apos;s file names no window</source>
        <translation>图像文件未指定窗</translation>
    </message>
    <message>
        <source>there is nothing to undo</source>
        <translation>没有可撤销的操作</translation>
    </message>
    <message>
        <source>there is nothing to redo</source>
        <translation>没有可重做的操作</translation>
    </message>
    <message>
        <source>no disagreement is chosen in the workspace Review</source>
        <translation>“审核”工作区中未选择分歧</translation>
    </message>
    <message>
        <source>no training is running</source>
        <translation>没有正在进行的训练</translation>
    </message>
    <message>
        <source>no training is chosen that can go on</source>
        <translation>未选择可以继续的训练</translation>
    </message>
    <message>
        <source>no model is chosen in the workspace Train</source>
        <translation>“训练”工作区中未选择模型</translation>
    </message>
    <message>
        <source>no model is chosen that could be used instead</source>
        <translation>未选择可改用的模型</translation>
    </message>
    <message>
        <source>no other model was used before</source>
        <translation>先前未使用过其他模型</translation>
    </message>
    <message>
        <source>nothing is chosen in the workspace Train that may be deleted</source>
        <translation>“训练”工作区中未选择可删除的项</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Mask</source>
        <translation>掩膜</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>审核</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>View</source>
        <translation>视图</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Value window</source>
        <translation>窗宽窗位</translation>
    </message>
    <message>
        <source>Where painting counts</source>
        <translation>涂画范围</translation>
    </message>
    <message>
        <source>Choose a class</source>
        <translation>选择类别</translation>
    </message>
    <message>
        <source>Show or hide a class</source>
        <translation>显示或隐藏类别</translation>
    </message>
    <message>
        <source>Lock a class</source>
        <translation>锁定类别</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>增大笔刷</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>减小笔刷</translation>
    </message>
    <message>
        <source>Annotate</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>The workspace where masks are drawn</source>
        <translation>绘制掩膜的工作区</translation>
    </message>
    <message>
        <source>The workspace where annotation and model are compared, error by error</source>
        <translation>逐处比较标注与模型差异的工作区</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>The workspace where networks are trained and models compared</source>
        <translation>训练网络和比较模型的工作区</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Fit the window</source>
        <translation>适合窗口</translation>
    </message>
    <message>
        <source>100 %</source>
        <translation>100 %</translation>
    </message>
    <message>
        <source>Press to switch, hold to peek</source>
        <translation>按一下切换，按住则临时查看</translation>
    </message>
    <message>
        <source>Model&apos;s answer</source>
        <translation>模型结果</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Where annotation and model differ: missed, where none is, confused</source>
        <translation>标注与模型的差异：漏标、误标、混淆</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
    <message>
        <source>Shows where the model is in doubt</source>
        <translation>显示模型存疑之处</translation>
    </message>
    <message>
        <source>Never looked at</source>
        <translation>从未查看</translation>
    </message>
    <message>
        <source>Veils what was never on the screen at half of its resolution or larger</source>
        <translation>遮盖从未以半分辨率或更高显示过的部分</translation>
    </message>
    <message>
        <source>Auto contrast</source>
        <translation>自动对比度</translation>
    </message>
    <message>
        <source>Stretches dark images for the eye; pixels never change</source>
        <translation>为便于观察而拉伸暗图像；像素不变</translation>
    </message>
    <message>
        <source>Window as the file says</source>
        <translation>按文件所定的窗</translation>
    </message>
    <message>
        <source>Window: auto, between percentiles</source>
        <translation>自动窗：按百分位</translation>
    </message>
    <message>
        <source>Auto: percentiles of the values of each image</source>
        <translation>自动：取每张图像数值的百分位</translation>
    </message>
    <message>
        <source>Window as opened</source>
        <translation>打开时的窗</translation>
    </message>
    <message>
        <source>Window: bone</source>
        <translation>骨窗</translation>
    </message>
    <message>
        <source>Window: lung</source>
        <translation>肺窗</translation>
    </message>
    <message>
        <source>Window: brain</source>
        <translation>脑窗</translation>
    </message>
    <message>
        <source>Window: abdomen</source>
        <translation>腹窗</translation>
    </message>
    <message>
        <source>Window: soft tissue</source>
        <translation>软组织窗</translation>
    </message>
    <message>
        <source>Fill of the mask</source>
        <translation>掩膜填充</translation>
    </message>
    <message>
        <source>Outlines of the mask</source>
        <translation>掩膜轮廓</translation>
    </message>
    <message>
        <source>Compare by swiping</source>
        <translation>滑动比较</translation>
    </message>
    <message>
        <source>Two layers on either side of a line that can be dragged</source>
        <translation>两个图层分列一条可拖动的线两侧</translation>
    </message>
    <message>
        <source>Compare side by side</source>
        <translation>并排比较</translation>
    </message>
    <message>
        <source>Two layers of the same place, each in a half of the canvas</source>
        <translation>同一位置的两个图层，各占画布一半</translation>
    </message>
    <message>
        <source>Compare in turns</source>
        <translation>交替比较</translation>
    </message>
    <message>
        <source>Two layers of the same place, one after the other: what differs flickers</source>
        <translation>同一位置的两个图层轮流显示：差异处会闪烁</translation>
    </message>
    <message>
        <source>Minimap</source>
        <translation>缩略图</translation>
    </message>
    <message>
        <source>Wheel turns slices</source>
        <translation>滚轮翻切片</translation>
    </message>
    <message>
        <source>In a series the wheel turns slices, and with Ctrl it zooms</source>
        <translation>在序列中滚轮翻切片，按住 Ctrl 则缩放</translation>
    </message>
    <message>
        <source>Crosshair</source>
        <translation>十字线</translation>
    </message>
    <message>
        <source>More opacity</source>
        <translation>增加不透明度</translation>
    </message>
    <message>
        <source>Less opacity</source>
        <translation>降低不透明度</translation>
    </message>
    <message>
        <source>Dark or light</source>
        <translation>深色或浅色</translation>
    </message>
    <message>
        <source>From the next start on</source>
        <translation>下次启动时生效</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>English</source>
        <translation>English</translation>
    </message>
    <message>
        <source>中文</source>
        <translation>中文</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>扩张</translation>
    </message>
    <message>
        <source>By</source>
        <translation>幅度</translation>
    </message>
    <message>
        <source>Shrink</source>
        <translation>收缩</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Radius</source>
        <translation>半径</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>Up to</source>
        <translation>上限</translation>
    </message>
    <message>
        <source>Remove islands</source>
        <translation>移除孤岛</translation>
    </message>
    <message>
        <source>Keep the largest</source>
        <translation>保留最大</translation>
    </message>
    <message>
        <source>Split touching objects</source>
        <translation>分割粘连对象</translation>
    </message>
    <message>
        <source>Least distance of their middles</source>
        <translation>中心最小间距</translation>
    </message>
    <message>
        <source>brush stroke</source>
        <translation>笔刷</translation>
    </message>
    <message>
        <source>eraser stroke</source>
        <translation>橡皮擦</translation>
    </message>
    <message>
        <source>polygon</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>fill</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>magic wand</source>
        <translation>魔棒</translation>
    </message>
    <message>
        <source>superpixels</source>
        <translation>超像素</translation>
    </message>
    <message>
        <source>threshold</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>GrabCut</source>
        <translation>GrabCut</translation>
    </message>
    <message>
        <source>refinement</source>
        <translation>边缘细化</translation>
    </message>
    <message>
        <source>outline</source>
        <translation>轮廓编辑</translation>
    </message>
    <message>
        <source>moved region</source>
        <translation>移动区域</translation>
    </message>
    <message>
        <source>cut region</source>
        <translation>切割区域</translation>
    </message>
    <message>
        <source>joined regions</source>
        <translation>连接区域</translation>
    </message>
    <message>
        <source>merge objects</source>
        <translation>合并对象</translation>
    </message>
    <message>
        <source>painting</source>
        <translation>涂画</translation>
    </message>
    <message>
        <source>pre-label</source>
        <translation>预标注</translation>
    </message>
    <message>
        <source>import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>begin afresh</source>
        <translation>重新开始</translation>
    </message>
    <message>
        <source>grow</source>
        <translation>扩张</translation>
    </message>
    <message>
        <source>shrink</source>
        <translation>收缩</translation>
    </message>
    <message>
        <source>smooth</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>remove islands</source>
        <translation>移除孤岛</translation>
    </message>
    <message>
        <source>keep largest</source>
        <translation>保留最大</translation>
    </message>
    <message>
        <source>split objects</source>
        <translation>分割对象</translation>
    </message>
    <message>
        <source>model&apos;s answer</source>
        <translation>模型结果</translation>
    </message>
    <message>
        <source>taught region</source>
        <translation>所教区域</translation>
    </message>
    <message>
        <source>taught mask</source>
        <translation>所教掩膜</translation>
    </message>
    <message>
        <source>copy of the previous image</source>
        <translation>上一张图像的副本</translation>
    </message>
    <message>
        <source>verdict: model right</source>
        <translation>裁定：模型正确</translation>
    </message>
    <message>
        <source>verdict: human right</source>
        <translation>裁定：人工正确</translation>
    </message>
    <message>
        <source>verdict: both wrong</source>
        <translation>裁定：两者都错</translation>
    </message>
    <message>
        <source>verdict: ignore</source>
        <translation>裁定：忽略</translation>
    </message>
    <message>
        <source>At least</source>
        <translation>至少</translation>
    </message>
    <message>
        <source>BALD</source>
        <translation>BALD</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>笔刷</translation>
    </message>
    <message>
        <source>Class by class</source>
        <translation>逐类</translation>
    </message>
    <message>
        <source>Click a colour; drag right for more, left for less; the right button erases</source>
        <translation>点击颜色；向右拖增多，向左拖减少；右键擦除</translation>
    </message>
    <message>
        <source>Click a region to give it the current class; right-click to erase it</source>
        <translation>点击区域赋予当前类别；右键点击擦除</translation>
    </message>
    <message>
        <source>Click a region, drag its vertices; Shift+drag cuts, Ctrl+click joins
Shift+click adds a region, a double click on empty ground all of the current class on the screen. Click an edge to put a vertex in; right click or Delete takes one out. Ctrl+drag moves the region, Shift+drag across it cuts it in two, Ctrl+click on another region of its class joins them. Enter or Esc ends.</source>
        <translation>点击区域并拖动顶点；Shift+拖动切割，Ctrl+点击连接
Shift+点击加选区域，双击空白处选取屏幕上当前类别的全部。点击边可插入顶点；右键点击或 Delete 去掉顶点。Ctrl+拖动移动区域，Shift+横穿拖动将其切为两块，Ctrl+点击同类别的另一区域将两者连接。Enter 或 Esc 结束。</translation>
    </message>
    <message>
        <source>Click the corners; Enter, a double click or a click on the first one closes; Backspace takes one off, a right click erases
Shift keeps an edge to 45 degrees. Begun with Ctrl it cuts a hole into the current class only.</source>
        <translation>点击各角点；Enter、双击或点击首点闭合；Backspace 去掉一点，右键点击擦除
Shift 使边保持 45 度方向。按住 Ctrl 开始则仅在当前类别中切出孔洞。</translation>
    </message>
    <message>
        <source>Compactness</source>
        <translation>紧凑度</translation>
    </message>
    <message>
        <source>Contiguous</source>
        <translation>连续</translation>
    </message>
    <message>
        <source>Contrast</source>
        <translation>对比度</translation>
    </message>
    <message>
        <source>Drag a box around an object; the right button erases</source>
        <translation>在对象周围拖出框；右键擦除</translation>
    </message>
    <message>
        <source>Drag a box; right-drag erases</source>
        <translation>在对象周围拖出框；右键拖动擦除</translation>
    </message>
    <message>
        <source>Drag across objects of one class to make one of them</source>
        <translation>横拖过同类别的多个对象，合并为一个</translation>
    </message>
    <message>
        <source>Drag from one end to the other; Shift keeps the line level, upright or at 45 degrees</source>
        <translation>从一端拖到另一端；Shift 使线保持水平、垂直或 45 度</translation>
    </message>
    <message>
        <source>Drag over the pieces; the right button erases</source>
        <translation>在小块上拖动；右键擦除</translation>
    </message>
    <message>
        <source>Draw around what belongs to the class; the right button erases
With Ctrl held at the start the ring is cut out of the current class only.</source>
        <translation>圈出属于该类别的部分；右键擦除
开始时按住 Ctrl，则仅从当前类别中切除圈内部分。</translation>
    </message>
    <message>
        <source>Edit outline</source>
        <translation>编辑轮廓</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>熵</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>橡皮擦</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>High</source>
        <translation>上限</translation>
    </message>
    <message>
        <source>Iterations</source>
        <translation>迭代次数</translation>
    </message>
    <message>
        <source>Labels inside are sure</source>
        <translation>框内已有标注视为可靠</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>Leave a gap when cutting</source>
        <translation>切割时留缝</translation>
    </message>
    <message>
        <source>Low</source>
        <translation>下限</translation>
    </message>
    <message>
        <source>Magic wand</source>
        <translation>魔棒</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>间隔</translation>
    </message>
    <message>
        <source>Merge objects</source>
        <translation>合并对象</translation>
    </message>
    <message>
        <source>Paint along a ragged edge; it moves to the edge in the image</source>
        <translation>沿类别的粗糙边缘涂画，边缘会移到图像中的边界上</translation>
    </message>
    <message>
        <source>Polygon</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>Random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>Random, with objects</source>
        <translation>随机，含对象</translation>
    </message>
    <message>
        <source>Reach</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Refine edge</source>
        <translation>细化边缘</translation>
    </message>
    <message>
        <source>Ruler</source>
        <translation>标尺</translation>
    </message>
    <message>
        <source>Select</source>
        <translation>选取</translation>
    </message>
    <message>
        <source>Simplify</source>
        <translation>简化</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Smooth edge</source>
        <translation>平滑边缘</translation>
    </message>
    <message>
        <source>Superpixels</source>
        <translation>超像素</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>Tip</source>
        <translation>笔尖</translation>
    </message>
    <message>
        <source>Tolerance</source>
        <translation>容差</translation>
    </message>
    <message>
        <source>Typical images</source>
        <translation>典型图像</translation>
    </message>
    <message>
        <source>between</source>
        <translation>区间</translation>
    </message>
    <message>
        <source>bright (Otsu)</source>
        <translation>亮部（Otsu）</translation>
    </message>
    <message>
        <source>dark (Otsu)</source>
        <translation>暗部（Otsu）</translation>
    </message>
    <message>
        <source>drawn at random, all images alike</source>
        <translation>随机抽取，所有图像机会均等</translation>
    </message>
    <message>
        <source>drawn at random, most of them among the images in which the model sees objects</source>
        <translation>随机抽取，多数取自模型认为含有对象的图像</translation>
    </message>
    <message>
        <source>one of each group of images that look alike; for the first labels, with or without a model</source>
        <translation>相似图像每组取一张；用于最初的标注，有无模型均可</translation>
    </message>
    <message>
        <source>round</source>
        <translation>圆形</translation>
    </message>
    <message>
        <source>square</source>
        <translation>方形</translation>
    </message>
    <message>
        <source>the images in which two classes are nearly as likely as each other</source>
        <translation>两个类别可能性几乎相当的图像</translation>
    </message>
    <message>
        <source>the images of which the network says something else each time its dropout is drawn; slower</source>
        <translation>每次随机 dropout 时网络结果不同的图像；较慢</translation>
    </message>
    <message>
        <source>the images that the model is least sure of, all classes together</source>
        <translation>模型最不确定的图像，所有类别合计</translation>
    </message>
    <message>
        <source>the images that the model is unsure of, each class in its turn, with some chance; the usual choice</source>
        <translation>模型不确定的图像，各类别轮流并带一定随机；通常选择</translation>
    </message>
</context>
<context>
    <name>Annotators</name>
    <message>
        <source>Other annotators&apos; layers…</source>
        <translation>其他标注员的图层…</translation>
    </message>
    <message>
        <source>Hidden gold…</source>
        <translation>隐藏金标准…</translation>
    </message>
    <message>
        <source>masks cannot be set aside while other work writes some</source>
        <translation>其他任务正在写入掩膜，暂不能另存</translation>
    </message>
    <message>
        <source>Wait for the work in the status bar, or cancel it first</source>
        <translation>请等待状态栏中的任务结束，或先取消</translation>
    </message>
</context>
<context>
    <name>Asking</name>
    <message>
        <source>The drive does not answer: {place}. Look after the drive or the network share; this goes on by itself when it answers.</source>
        <translation>驱动器没有响应：{place}。请检查驱动器或网络共享；恢复响应后会自动继续。</translation>
    </message>
    <message>
        <source>Looking at {place} …</source>
        <translation>正在查看 {place} …</translation>
    </message>
</context>
<context>
    <name>Band</name>
    <message>
        <source>Left and Right go from revision to revision</source>
        <translation>左右方向键逐版查看</translation>
    </message>
    <message>
        <source>Back to now  (Esc)</source>
        <translation>回到现在  (Esc)</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>Close this message</source>
        <translation>关闭此消息</translation>
    </message>
</context>
<context>
    <name>Beside</name>
    <message>
        <source>Still opening {place}: there is much to read, or its drive does not answer.</source>
        <translation>仍在打开 {place}：要读取的内容很多，或其所在的驱动器没有响应。</translation>
    </message>
    <message>
        <source>Opening {place} …</source>
        <translation>正在打开 {place} …</translation>
    </message>
</context>
<context>
    <name>BesideDialog</name>
    <message>
        <source>Waiting for a drive</source>
        <translation>正在等待驱动器</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message>
        <source>Canvas</source>
        <translation>画布</translation>
    </message>
    <message>
        <source>Working… Esc cancels</source>
        <translation>处理中… 按 Esc 取消</translation>
    </message>
    <message>
        <source>Working…</source>
        <translation>处理中…</translation>
    </message>
</context>
<context>
    <name>Card</name>
    <message>
        <source>Remove from the project…</source>
        <translation>从项目中移除…</translation>
    </message>
</context>
<context>
    <name>ClassActions</name>
    <message>
        <source>Class: {name}</source>
        <translation>类别：{name}</translation>
    </message>
    <message>
        <source>Show or hide: {name}</source>
        <translation>显示或隐藏：{name}</translation>
    </message>
    <message>
        <source>Lock or unlock: {name}</source>
        <translation>锁定或解锁：{name}</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
</context>
<context>
    <name>ClassDialog</name>
    <message>
        <source>Add a class</source>
        <translation>添加类别</translation>
    </message>
    <message>
        <source>Edit a class</source>
        <translation>编辑类别</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>such as nucleus</source>
        <translation>例如 nucleus</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>更改</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Colour {code}</source>
        <translation>颜色 {code}</translation>
    </message>
    <message>
        <source>A class needs a name.</source>
        <translation>类别需要名称。</translation>
    </message>
    <message>
        <source>There is a class of this name already.</source>
        <translation>已有同名类别。</translation>
    </message>
    <message>
        <source>Only the background can be called so, and no class becomes it by a name.</source>
        <translation>只有背景类可以用这个名称；类别不会因改名而成为背景。</translation>
    </message>
    <message>
        <source>The class gets a value that was never used. No pixel changes.</source>
        <translation>该类别取一个从未用过的值，像素不变。</translation>
    </message>
    <message>
        <source>The value stays {value}. No pixel changes.</source>
        <translation>值仍为 {value}，像素不变。</translation>
    </message>
</context>
<context>
    <name>ClassPanel</name>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Add a class…</source>
        <translation>添加类别…</translation>
    </message>
    <message>
        <source>{name}, value {value}</source>
        <translation>{name}，值 {value}</translation>
    </message>
    <message>
        <source>unlabelled</source>
        <translation>未标注</translation>
    </message>
    <message>
        <source>Hidden; click to show</source>
        <translation>已隐藏；点击显示</translation>
    </message>
    <message>
        <source>Click to hide</source>
        <translation>点击隐藏</translation>
    </message>
    <message>
        <source>Locked: nothing changes its pixels; click to unlock</source>
        <translation>已锁定：其像素不会改变；点击解锁</translation>
    </message>
    <message>
        <source>Click to lock</source>
        <translation>点击锁定</translation>
    </message>
    <message>
        <source>Edit…</source>
        <translation>编辑…</translation>
    </message>
    <message>
        <source>Show or hide</source>
        <translation>显示或隐藏</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>解锁</translation>
    </message>
    <message>
        <source>Lock</source>
        <translation>锁定</translation>
    </message>
</context>
<context>
    <name>CommentList</name>
    <message>
        <source>Comments</source>
        <translation>评论</translation>
    </message>
</context>
<context>
    <name>Commenting</name>
    <message>
        <source>Comments</source>
        <translation>评论</translation>
    </message>
    <message>
        <source>Reading comments…</source>
        <translation>正在读取评论…</translation>
    </message>
    <message>
        <source>The comment is written once the changes that wait are saved.</source>
        <translation>等待中的更改保存后，评论才会写入。</translation>
    </message>
</context>
<context>
    <name>CommentsPanel</name>
    <message>
        <source>Comments of</source>
        <translation>评论范围</translation>
    </message>
    <message>
        <source>This image</source>
        <translation>此图像</translation>
    </message>
    <message>
        <source>Whole project</source>
        <translation>整个项目</translation>
    </message>
    <message>
        <source>Resolved</source>
        <translation>已解决</translation>
    </message>
    <message>
        <source>List resolved comments as well, after the open ones</source>
        <translation>未解决的评论之后也列出已解决的</translation>
    </message>
    <message>
        <source>Comment…</source>
        <translation>评论…</translation>
    </message>
    <message>
        <source>{n} open of {count}</source>
        <translation>未解决 {n}，共 {count}</translation>
    </message>
    <message>
        <source>All comments are resolved.</source>
        <translation>所有评论均已解决。</translation>
    </message>
    <message>
        <source>No comments on this image.</source>
        <translation>此图像没有评论。</translation>
    </message>
    <message>
        <source>No comments in this project.</source>
        <translation>此项目没有评论。</translation>
    </message>
    <message>
        <source>Point at a place in the image and press {key}.</source>
        <translation>将指针移到图像某处并按 {key}。</translation>
    </message>
</context>
<context>
    <name>Compare</name>
    <message>
        <source>{layer}: none yet</source>
        <translation>{layer}：尚无</translation>
    </message>
</context>
<context>
    <name>ComparePage</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Compared with</source>
        <translation>对比模型</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Which of the images</source>
        <translation>在哪些图像上</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>against</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>on</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Compare two models</source>
        <translation>比较两个模型</translation>
    </message>
    <message>
        <source>Images; a double click shows one</source>
        <translation>图像；双击打开</translation>
    </message>
    <message>
        <source>all labelled images</source>
        <translation>所有已标注图像</translation>
    </message>
    <message>
        <source>the split {name}</source>
        <translation>{name} 划分</translation>
    </message>
    <message>
        <source>Both models are run on the same images, and judged by what people have labelled there. Images that one of them was trained on are counted apart.</source>
        <translation>两个模型在相同图像上运行，以人工标注为准评判。其中一个模型训练时用过的图像单独统计。</translation>
    </message>
    <message>
        <source>Images that neither is known to have been trained on: {n}</source>
        <translation>未知两者是否训练过的图像：{n}</translation>
    </message>
    <message>
        <source>Images that neither was trained on: {n}</source>
        <translation>两者均未训练过的图像：{n}</translation>
    </message>
    <message>
        <source>Images that one of them was trained on: {n}</source>
        <translation>其中之一训练过的图像：{n}</translation>
    </message>
    <message>
        <source>{a} is better on {n} images, {b} on {m}; {k} are alike.</source>
        <translation>{a} 在 {n} 张图像上更好，{b} 在 {m} 张上更好；{k} 张相同。</translation>
    </message>
    <message>
        <source>What a model was trained on it knows by heart: this is no test.</source>
        <translation>模型对训练过的图像了如指掌：这算不上测试。</translation>
    </message>
    <message>
        <source>Nobody recorded what {models} was trained on.</source>
        <translation>{models} 的训练数据没有记录。</translation>
    </message>
    <message>
        <source>Left out: {n}.</source>
        <translation>略过：{n}。</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差值</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>IoU of a class</source>
        <translation>类别的 IoU</translation>
    </message>
    <message>
        <source>mIoU of an image</source>
        <translation>图像的 mIoU</translation>
    </message>
</context>
<context>
    <name>ComparePanel</name>
    <message>
        <source>Off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>滑动</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>并排</translation>
    </message>
    <message>
        <source>In turns</source>
        <translation>交替</translation>
    </message>
    <message>
        <source>Image only</source>
        <translation>仅图像</translation>
    </message>
    <message>
        <source>Annotation</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>Model&apos;s answer</source>
        <translation>模型结果</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>左</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>右</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>模式</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>图层</translation>
    </message>
</context>
<context>
    <name>ConfidencePage</name>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Least confidence</source>
        <translation>最低置信度</translation>
    </message>
    <message>
        <source>Precision (blue) and recall (orange) by least confidence</source>
        <translation>精确率（蓝）和召回率（橙）随最低置信度的变化</translation>
    </message>
    <message>
        <source>How often the other layer is right where it is so sure</source>
        <translation>对照图层在此置信度下的正确比例</translation>
    </message>
    <message>
        <source>Precision, recall</source>
        <translation>精确率、召回率</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>From {least} % on: precision {precision}, recall {recall}, F1 {f1}.</source>
        <translation>{least} % 起：精确率 {precision}，召回率 {recall}，F1 {f1}。</translation>
    </message>
    <message>
        <source>F1 is best from {best} % on.</source>
        <translation>F1 在 {best} % 起最佳。</translation>
    </message>
    <message>
        <source>Calibration error {error}.</source>
        <translation>校准误差 {error}。</translation>
    </message>
</context>
<context>
    <name>ConfusionView</name>
    <message>
        <source>Confusion matrix</source>
        <translation>混淆矩阵</translation>
    </message>
    <message>
        <source>Nothing has been compared yet</source>
        <translation>尚未比较</translation>
    </message>
    <message>
        <source>{truth}: {count} pixels agree, {share} of all that are {truth}</source>
        <translation>{truth}：{count} 个像素一致，占全部 {truth} 的 {share}</translation>
    </message>
    <message>
        <source>{truth} taken for {found}: {count} pixels, {share} of all {truth}</source>
        <translation>{truth} 被认作 {found}：{count} 个像素，占全部 {truth} 的 {share}</translation>
    </message>
</context>
<context>
    <name>Curves</name>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>IoU on validation images</source>
        <translation>验证图像上的 IoU</translation>
    </message>
</context>
<context>
    <name>Deciding</name>
    <message>
        <source>The image is {status} already</source>
        <translation>该图像的状态已是：{status}</translation>
    </message>
    <message>
        <source>The image is approved, which is more than done; it stays approved</source>
        <translation>该图像已批准，高于“完成”；保持批准状态</translation>
    </message>
</context>
<context>
    <name>Diagnosis</name>
    <message>
        <source>The log cannot be written ({reason}): {folder}</source>
        <translation>无法写入日志（{reason}）：{folder}</translation>
    </message>
    <message>
        <source>The settings cannot be kept: {file}</source>
        <translation>无法保存设置：{file}</translation>
    </message>
    <message>
        <source>Your labels are not touched by this; they are saved in the project.</source>
        <translation>您的标注不受影响，它们保存在项目中。</translation>
    </message>
    <message>
        <source>labeltool crashed the last time it ran.</source>
        <translation>labeltool 上次运行时崩溃了。</translation>
    </message>
    <message>
        <source>labeltool was ended from outside the last time it ran, or the power went.</source>
        <translation>labeltool 上次运行时被外部终止，或者断电了。</translation>
    </message>
    <message>
        <source>Every stroke that was saved is there.</source>
        <translation>所有已保存的笔画都在。</translation>
    </message>
    <message>
        <source>Open the project as always; it says what was recovered.</source>
        <translation>像往常一样打开项目；它会说明恢复了什么。</translation>
    </message>
    <message>
        <source>The last session</source>
        <translation>上次会话</translation>
    </message>
    <message>
        <source>there is no program here that shows folders</source>
        <translation>这里没有能显示文件夹的程序</translation>
    </message>
    <message>
        <source>The log is labeltool.log in that folder</source>
        <translation>日志是该文件夹中的 labeltool.log</translation>
    </message>
</context>
<context>
    <name>DisagreementModel</name>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>像素</translation>
    </message>
    <message>
        <source>Sure</source>
        <translation>置信</translation>
    </message>
    <message>
        <source>How sure the other layer is, on average</source>
        <translation>对照图层的平均置信度</translation>
    </message>
    <message>
        <source>{image}, at {x}, {y}</source>
        <translation>{image}，位于 {x}, {y}</translation>
    </message>
    <message>
        <source>{area} pixels, {interior} of them farther than 2 px from an outline</source>
        <translation>{area} 个像素，其中 {interior} 个距轮廓超过 2 px</translation>
    </message>
</context>
<context>
    <name>DisagreementTable</name>
    <message>
        <source>Disagreements</source>
        <translation>分歧</translation>
    </message>
</context>
<context>
    <name>Docks</name>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>图层</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
</context>
<context>
    <name>Doubts</name>
    <message>
        <source>No doubt is left that nobody has looked into</source>
        <translation>已没有无人查看的疑点</translation>
    </message>
    <message>
        <source>Doubtful spot {n} of {count}, {area} px</source>
        <translation>疑点 {n}/{count}，{area} px</translation>
    </message>
    <message>
        <source>Doubtful spot {n} of {count} by confidence (no entropy is kept), {area} px</source>
        <translation>疑点 {n}/{count}，按置信度（未保存熵），{area} px</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>All images</source>
        <translation>全部图像</translation>
    </message>
    <message>
        <source>Only the split {name}</source>
        <translation>仅 {name} 划分</translation>
    </message>
    <message>
        <source>Target folder</source>
        <translation>目标文件夹</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Left over</source>
        <translation>残留</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>计划</translation>
    </message>
    <message>
        <source>Delete what is left</source>
        <translation>删除残留</translation>
    </message>
    <message>
        <source>An export that was killed has left this; nobody needs it:
{names}</source>
        <translation>被终止的导出留下了这些，无人需要：
{names}</translation>
    </message>
    <message>
        <source>Deleting…</source>
        <translation>正在删除…</translation>
    </message>
    <message>
        <source>Not everything could be deleted</source>
        <translation>未能全部删除</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>No format could be loaded; `labeltool doctor` says why.</source>
        <translation>无法载入任何格式；原因见 `labeltool doctor`。</translation>
    </message>
    <message>
        <source>Looking at</source>
        <translation>正在检查</translation>
    </message>
    <message>
        <source>Planning…</source>
        <translation>正在规划…</translation>
    </message>
    <message>
        <source>Planning was stopped; change something to plan again.</source>
        <translation>规划已停止；更改任一项即重新规划。</translation>
    </message>
    <message>
        <source>The folder appears whole and verified, or not at all; nothing is overwritten.</source>
        <translation>文件夹要么完整且经过验证，要么不出现；不覆盖任何文件。</translation>
    </message>
    <message>
        <source>There is no image to export.</source>
        <translation>没有可导出的图像。</translation>
    </message>
    <message>
        <source>Images: {n}. Approved: {approved}. Pre-labelled by a model only: {by_model}.</source>
        <translation>图像：{n}。已批准：{approved}。仅由模型预标注：{by_model}。</translation>
    </message>
    <message>
        <source>Choose a folder that is new or empty.</source>
        <translation>请选择新的或空的文件夹。</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>正在写入…</translation>
    </message>
    <message>
        <source>Stopped. Nothing of the export was kept.</source>
        <translation>已停止。未保留任何导出内容。</translation>
    </message>
    <message>
        <source>The export did not work</source>
        <translation>导出失败</translation>
    </message>
    <message>
        <source>Notices</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Written, read back and equal</source>
        <translation>已写入、回读并核对一致</translation>
    </message>
    <message>
        <source>Images: {images}   Objects: {objects}   Files: {files}
{folder}</source>
        <translation>图像：{images}   对象：{objects}   文件：{files}
{folder}</translation>
    </message>
</context>
<context>
    <name>Failure</name>
    <message>
        <source>there is not enough memory for this</source>
        <translation>内存不足，无法完成</translation>
    </message>
    <message>
        <source>Close other programs, or open a smaller image. What was saved before is safe</source>
        <translation>请关闭其他程序，或打开较小的图像。此前已保存的内容是安全的</translation>
    </message>
    <message>
        <source>something went wrong that the program does not know: {error}</source>
        <translation>发生了程序未知的错误：{error}</translation>
    </message>
    <message>
        <source>What was saved before is safe. The details help whoever looks into it</source>
        <translation>此前已保存的内容是安全的。详细信息有助于查明原因</translation>
    </message>
    <message>
        <source>Show report…</source>
        <translation>显示报告…</translation>
    </message>
    <message>
        <source>That did not work</source>
        <translation>操作未成功</translation>
    </message>
    <message>
        <source>File: {file}</source>
        <translation>文件：{file}</translation>
    </message>
</context>
<context>
    <name>FiguresPanel</name>
    <message>
        <source>Scores by class</source>
        <translation>各类别得分</translation>
    </message>
    <message>
        <source>Confusion</source>
        <translation>混淆</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
    <message>
        <source>Percent of a row. Rows: annotation. Columns: the other layer. A click lists what is in a cell.</source>
        <translation>占该行的百分比。行：标注；列：对照图层。点击单元格列出其中内容。</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>IoU</source>
        <translation>IoU</translation>
    </message>
    <message>
        <source>F1</source>
        <translation>F1</translation>
    </message>
    <message>
        <source>Boundary IoU</source>
        <translation>边界 IoU</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精确率</translation>
    </message>
    <message>
        <source>Recall</source>
        <translation>召回率</translation>
    </message>
</context>
<context>
    <name>FindingDialog</name>
    <message>
        <source>Find label errors</source>
        <translation>查找标注错误</translation>
    </message>
    <message>
        <source>The labelled images are dealt into parts. For each part a model learns from the other parts, and then judges the images that it has never seen. Where it is sure and the label says otherwise, the label may be wrong: Review lists these places, the likeliest first.</source>
        <translation>已标注图像被分成若干份。对每一份，模型从其余各份学习，再判断它从未见过的图像。模型很有把握而标注不同之处，标注可能有误：“审核”列出这些位置，最可能的在前。</translation>
    </message>
    <message>
        <source>Train anew, on the labels as they are now</source>
        <translation>按当前标注重新训练</translation>
    </message>
    <message>
        <source>Find them</source>
        <translation>开始查找</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Show the list</source>
        <translation>显示列表</translation>
    </message>
    <message>
        <source>{n} images are labelled.</source>
        <translation>已标注 {n} 张图像。</translation>
    </message>
    <message>
        <source>1 image is labelled.</source>
        <translation>已标注 1 幅图像。</translation>
    </message>
    <message>
        <source>{judged} of {planned} images are judged, by models begun on {date}.</source>
        <translation>已判断 {judged}/{planned} 张图像，模型始于 {date}。</translation>
    </message>
    <message>
        <source>1 labelled image is not among them.</source>
        <translation>另有 1 幅已标注图像不在其中。</translation>
    </message>
    <message>
        <source>{n} labelled images are not among them.</source>
        <translation>{n} 张已标注图像不在其中。</translation>
    </message>
    <message>
        <source>Models that are left to be trained: {count}.</source>
        <translation>尚待训练的模型：{count}。</translation>
    </message>
    <message>
        <source>{count} models, {each} each: about {all} in all.</source>
        <translation>{count} 个模型，每个 {each}：共约 {all}。</translation>
    </message>
    <message>
        <source>1 model of {each}: about {all} in all.</source>
        <translation>1 个模型，{each}：共约 {all}。</translation>
    </message>
    <message>
        <source>You can go on labelling. Pre-labelling, exports and other trainings wait until it is done; it can be cancelled in the status bar, and goes on later where it was.</source>
        <translation>您可以继续标注。完成之前，预标注、导出和其他训练须等待；可在状态栏取消，之后从中断处继续。</translation>
    </message>
</context>
<context>
    <name>Formats</name>
    <message>
        <source>A round after so many approvals</source>
        <translation>每批准多少张开始一轮</translation>
    </message>
    <message>
        <source>A segment for every numbered object</source>
        <translation>每个编号对象一个分段</translation>
    </message>
    <message>
        <source>A segment for ignored pixels</source>
        <translation>忽略像素单列一个分段</translation>
    </message>
    <message>
        <source>Add classes that the project lacks</source>
        <translation>添加项目缺少的类别</translation>
    </message>
    <message>
        <source>As the pixels say</source>
        <translation>按像素来源</translation>
    </message>
    <message>
        <source>Attribute that is the class</source>
        <translation>作为类别的属性</translation>
    </message>
    <message>
        <source>Attribute that names the class</source>
        <translation>给出类别名称的属性</translation>
    </message>
    <message>
        <source>Begin with random weights</source>
        <translation>从随机权重开始</translation>
    </message>
    <message>
        <source>Bridge: every pixel is kept</source>
        <translation>桥接：保留每个像素</translation>
    </message>
    <message>
        <source>By a model (AUTOMATIC)</source>
        <translation>由模型 (AUTOMATIC)</translation>
    </message>
    <message>
        <source>By hand (MANUAL)</source>
        <translation>手工 (MANUAL)</translation>
    </message>
    <message>
        <source>By predicted seconds</source>
        <translation>按预计秒数</translation>
    </message>
    <message>
        <source>COCO instances</source>
        <translation>COCO 实例</translation>
    </message>
    <message>
        <source>COCO panoptic</source>
        <translation>COCO 全景</translation>
    </message>
    <message>
        <source>CVAT XML</source>
        <translation>CVAT XML</translation>
    </message>
    <message>
        <source>CVAT for images 1.1</source>
        <translation>CVAT for images 1.1</translation>
    </message>
    <message>
        <source>Cityscapes</source>
        <translation>Cityscapes</translation>
    </message>
    <message>
        <source>Class of the masks</source>
        <translation>掩膜的类别</translation>
    </message>
    <message>
        <source>Classes without single objects</source>
        <translation>不分单个对象的类别</translation>
    </message>
    <message>
        <source>Colour or index masks with a list of classes</source>
        <translation>带类别列表的彩色或索引掩膜</translation>
    </message>
    <message>
        <source>Coordinates</source>
        <translation>坐标</translation>
    </message>
    <message>
        <source>DICOM segmentation</source>
        <translation>DICOM 分割</translation>
    </message>
    <message>
        <source>Datumaro JSON</source>
        <translation>Datumaro JSON</translation>
    </message>
    <message>
        <source>Draw again for images that have a split</source>
        <translation>对已有划分的图像重新抽取</translation>
    </message>
    <message>
        <source>Fill: holes are lost</source>
        <translation>填充：孔洞丢失</translation>
    </message>
    <message>
        <source>GeoJSON</source>
        <translation>GeoJSON</translation>
    </message>
    <message>
        <source>GeoPackage</source>
        <translation>GeoPackage</translation>
    </message>
    <message>
        <source>GeoTIFF masks</source>
        <translation>GeoTIFF 掩膜</translation>
    </message>
    <message>
        <source>Holes</source>
        <translation>孔洞</translation>
    </message>
    <message>
        <source>How it was made</source>
        <translation>生成方式</translation>
    </message>
    <message>
        <source>ISAT (JSON)</source>
        <translation>ISAT (JSON)</translation>
    </message>
    <message>
        <source>Include images that nobody has labelled</source>
        <translation>包含无人标注的图像</translation>
    </message>
    <message>
        <source>Index masks (PNG)</source>
        <translation>索引掩膜 (PNG)</translation>
    </message>
    <message>
        <source>Label volumes (NIfTI)</source>
        <translation>标注体数据 (NIfTI)</translation>
    </message>
    <message>
        <source>LabelMe of MIT (XML)</source>
        <translation>MIT LabelMe (XML)</translation>
    </message>
    <message>
        <source>Longitude and latitude (WGS 84)</source>
        <translation>经纬度 (WGS 84)</translation>
    </message>
    <message>
        <source>Mapillary Vistas</source>
        <translation>Mapillary Vistas</translation>
    </message>
    <message>
        <source>Masks</source>
        <translation>掩膜</translation>
    </message>
    <message>
        <source>Minutes each</source>
        <translation>每个的分钟数</translation>
    </message>
    <message>
        <source>Minutes of training</source>
        <translation>训练分钟数</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Names of class numbers</source>
        <translation>类别编号的名称</translation>
    </message>
    <message>
        <source>Names of the classes</source>
        <translation>类别名称</translation>
    </message>
    <message>
        <source>Near-doubles too</source>
        <translation>含近似重复</translation>
    </message>
    <message>
        <source>Never divide</source>
        <translation>不拆分</translation>
    </message>
    <message>
        <source>One class for all polygons</source>
        <translation>所有多边形同一类别</translation>
    </message>
    <message>
        <source>One row for each</source>
        <translation>每行为一个</translation>
    </message>
    <message>
        <source>PASCAL VOC</source>
        <translation>PASCAL VOC</translation>
    </message>
    <message>
        <source>Polygons</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>Polygons where they are exact</source>
        <translation>可精确表示时用多边形</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Regions of large images</source>
        <translation>大图像的区域</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Segment Anything (SA-1B)</source>
        <translation>Segment Anything (SA-1B)</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Subject in the path</source>
        <translation>路径中的个体</translation>
    </message>
    <message>
        <source>Suggestions</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>测试集</translation>
    </message>
    <message>
        <source>Test images too</source>
        <translation>含测试图像</translation>
    </message>
    <message>
        <source>The newest there is</source>
        <translation>现有最新</translation>
    </message>
    <message>
        <source>Those of the image</source>
        <translation>图像自身坐标</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>训练集</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>VGG Image Annotator 2 (JSON, CSV)</source>
        <translation>VGG Image Annotator 2 (JSON, CSV)</translation>
    </message>
    <message>
        <source>Val</source>
        <translation>验证集</translation>
    </message>
    <message>
        <source>Value of ignored pixels</source>
        <translation>忽略像素的值</translation>
    </message>
    <message>
        <source>Values of the image inside</source>
        <translation>内部图像数值</translation>
    </message>
    <message>
        <source>Verified pixels only</source>
        <translation>仅用已核实像素</translation>
    </message>
    <message>
        <source>Version of the labels</source>
        <translation>标注版本</translation>
    </message>
    <message>
        <source>Who has set each pixel (PNG)</source>
        <translation>各像素的设置者 (PNG)</translation>
    </message>
    <message>
        <source>With a model&apos;s help (SEMIAUTOMATIC)</source>
        <translation>借助模型 (SEMIAUTOMATIC)</translation>
    </message>
    <message>
        <source>Write object ids</source>
        <translation>写入对象编号</translation>
    </message>
    <message>
        <source>Write objects and boxes</source>
        <translation>写入对象和框</translation>
    </message>
    <message>
        <source>Write overviews</source>
        <translation>写入概览层</translation>
    </message>
    <message>
        <source>YOLO segmentation</source>
        <translation>YOLO 分割</translation>
    </message>
    <message>
        <source>a line of points has no holes: bridge leads the line through the object around each hole, which keeps every pixel; fill gives the holes to the object</source>
        <translation>单条点列没有孔洞：桥接让线穿过对象绕行每个孔洞，保留每个像素；填充则将孔洞归入对象</translation>
    </message>
    <message>
        <source>a regular expression that finds patient or scene in an image&apos;s path, for example (P[0-9]+)_</source>
        <translation>在图像路径中找出患者或场景的正则表达式，例如 (P[0-9]+)_</translation>
    </message>
    <message>
        <source>a regular expression that finds patient or scene in an image&apos;s path, for example (P[0-9]+)_; none is divided</source>
        <translation>在图像路径中找出患者或场景的正则表达式，例如 (P[0-9]+)_；同一个体不拆分</translation>
    </message>
    <message>
        <source>aerial</source>
        <translation>航拍</translation>
    </message>
    <message>
        <source>also export images without a single labelled pixel; otherwise they are reported as skipped</source>
        <translation>也导出没有任何已标注像素的图像；否则报告为略过</translation>
    </message>
    <message>
        <source>also images of the split test, which are left alone otherwise</source>
        <translation>也包括测试集图像，否则不予触及</translation>
    </message>
    <message>
        <source>also images that are nearly the same as another, or as one that is labelled</source>
        <translation>也包括与其他图像或已标注图像几乎相同的图像</translation>
    </message>
    <message>
        <source>also mean, standard deviation, least and greatest of the file&apos;s own values, by channel</source>
        <translation>另按通道列出文件自身数值的平均值、标准差、最小值和最大值</translation>
    </message>
    <message>
        <source>another number gives another draw</source>
        <translation>换一个数即得另一次抽取</translation>
    </message>
    <message>
        <source>at most so many a round</source>
        <translation>每轮至多如此</translation>
    </message>
    <message>
        <source>auto</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>begin a round by itself whenever so many more images are approved; 0: by hand alone</source>
        <translation>每再批准这么多张图像即自动开始一轮；0：仅手动</translation>
    </message>
    <message>
        <source>by hand alone</source>
        <translation>仅手动</translation>
    </message>
    <message>
        <source>class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>classes that occur in the labels and not in the project are added to it first; otherwise their objects are left out and reported</source>
        <translation>标注中出现而项目没有的类别先加入项目；否则其对象略过并报告</translation>
    </message>
    <message>
        <source>cm</source>
        <translation>cm</translation>
    </message>
    <message>
        <source>deal the labelled images into so many parts; a model for each learns from the other parts</source>
        <translation>将已标注图像分成这么多份；每份一个模型，从其余各份学习</translation>
    </message>
    <message>
        <source>divide what there is to learn by the seconds that people will need; otherwise by the pixels</source>
        <translation>以可学内容除以人工所需秒数；否则除以像素数</translation>
    </message>
    <message>
        <source>draw for all images; otherwise those that have a split keep it</source>
        <translation>对全部图像抽取；否则已有划分的保持不变</translation>
    </message>
    <message>
        <source>folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>for files in which it is called neither class nor label nor category</source>
        <translation>用于该属性不叫 class、label 或 category 的文件</translation>
    </message>
    <message>
        <source>for files whose classes are numbers, for example 1=vegetation,2=water; otherwise a number is a class&apos;s value</source>
        <translation>用于类别为编号的文件，例如 1=vegetation,2=water；否则编号即类别的值</translation>
    </message>
    <message>
        <source>for files without classes, and for features whose class is empty</source>
        <translation>用于没有类别的文件，以及类别为空的要素</translation>
    </message>
    <message>
        <source>ha</source>
        <translation>ha</translation>
    </message>
    <message>
        <source>how many to suggest</source>
        <translation>推荐多少项</translation>
    </message>
    <message>
        <source>how the models are trained</source>
        <translation>模型的训练方式</translation>
    </message>
    <message>
        <source>how to train where there is no model to begin with (default: the first preset)</source>
        <translation>没有起始模型时的训练方式（默认：第一个预设）</translation>
    </message>
    <message>
        <source>ignored pixels (255) become a segment called ignore; otherwise they are in no segment</source>
        <translation>忽略像素 (255) 成为名为 ignore 的分段；否则不属于任何分段</translation>
    </message>
    <message>
        <source>image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>km</source>
        <translation>km</translation>
    </message>
    <message>
        <source>labelme (JSON)</source>
        <translation>labelme (JSON)</translation>
    </message>
    <message>
        <source>labelme, X-AnyLabeling (JSON)</source>
        <translation>labelme、X-AnyLabeling (JSON)</translation>
    </message>
    <message>
        <source>learn only from pixels that people have set here, or imported and then approved</source>
        <translation>仅从在此由人工设置、或导入后已批准的像素学习</translation>
    </message>
    <message>
        <source>m</source>
        <translation>m</translation>
    </message>
    <message>
        <source>masks hold every object; polygons can be dragged in CVAT, and objects with holes or of several parts stay masks</source>
        <translation>掩膜可容纳任何对象；多边形可在 CVAT 中拖动，有孔洞或由多部分组成的对象仍为掩膜</translation>
    </message>
    <message>
        <source>mm</source>
        <translation>mm</translation>
    </message>
    <message>
        <source>names with commas (sky, road): all pixels of such a class in an image are one segment</source>
        <translation>名称以逗号分隔 (sky, road)：图像中此类别的所有像素为一个分段</translation>
    </message>
    <message>
        <source>object</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>object; class of each image; class of all images together (total); or class of each series, with its volume</source>
        <translation>对象；每张图像的类别；所有图像合计的类别（合计）；或每个序列的类别及其体积</translation>
    </message>
    <message>
        <source>of lengths, and squared of areas (ha: lengths in m); auto takes what suits the sizes</source>
        <translation>长度单位，面积为其平方（ha：长度用 m）；自动则按大小选取</translation>
    </message>
    <message>
        <source>of training a model</source>
        <translation>训练一个模型的时间</translation>
    </message>
    <message>
        <source>otherwise a round begins with the weights that are in use</source>
        <translation>否则一轮从使用中的权重开始</translation>
    </message>
    <message>
        <source>pixels of one class and one object number are a segment of their own, in all slices; otherwise a segment is a class</source>
        <translation>同一类别、同一对象编号的像素在所有切片中为一个分段；否则一个类别为一个分段</translation>
    </message>
    <message>
        <source>polygons: polygons, which people can edit, wherever they hold the very same pixels, and masks elsewhere (objects with holes); masks: masks throughout, which labelme reads from 5.2 on</source>
        <translation>多边形：凡能表示完全相同像素处用可编辑的多边形，其余（有孔洞的对象）用掩膜；掩膜：全部用掩膜，labelme 5.2 起可读</translation>
    </message>
    <message>
        <source>px</source>
        <translation>px</translation>
    </message>
    <message>
        <source>quick</source>
        <translation>快速</translation>
    </message>
    <message>
        <source>scenes</source>
        <translation>场景</translation>
    </message>
    <message>
        <source>series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>share of the test images</source>
        <translation>测试图像所占比例</translation>
    </message>
    <message>
        <source>share of the training images</source>
        <translation>训练图像所占比例</translation>
    </message>
    <message>
        <source>share of the validation images</source>
        <translation>验证图像所占比例</translation>
    </message>
    <message>
        <source>small things</source>
        <translation>小目标</translation>
    </message>
    <message>
        <source>smaller versions inside the file, in which a pixel is what most of its four are</source>
        <translation>文件内的缩小版本，每个像素取所含四个像素中的多数</translation>
    </message>
    <message>
        <source>subject</source>
        <translation>个体</translation>
    </message>
    <message>
        <source>suggest regions of about 512 x 512 pixels instead of whole images</source>
        <translation>推荐约 512 x 512 像素的区域，而非整张图像</translation>
    </message>
    <message>
        <source>the masks have no classes; all become objects of this one</source>
        <translation>掩膜没有类别；全部成为此类别的对象</translation>
    </message>
    <message>
        <source>the region attribute whose value is the class; need not be given where regions have only one</source>
        <translation>其值为类别的区域属性；区域只有一个属性时无需给出</translation>
    </message>
    <message>
        <source>the usual one</source>
        <translation>常用方式</translation>
    </message>
    <message>
        <source>total</source>
        <translation>合计</translation>
    </message>
    <message>
        <source>um</source>
        <translation>um</translation>
    </message>
    <message>
        <source>v1.2</source>
        <translation>v1.2</translation>
    </message>
    <message>
        <source>v2.0</source>
        <translation>v2.0</translation>
    </message>
    <message>
        <source>value of index masks that means ignore or no data, besides 255 (LoveDA: 0)</source>
        <translation>除 255 外，索引掩膜中表示忽略或无数据的值（LoveDA：0）</translation>
    </message>
    <message>
        <source>wgs84 writes longitude and latitude, as the standard (RFC 7946) demands; source keeps the image&apos;s coordinate system and names it, which GIS programs read</source>
        <translation>wgs84 按标准 (RFC 7946) 写入经纬度；source 保留图像的坐标系并注明，GIS 程序可读</translation>
    </message>
    <message>
        <source>what stays whole: an image (with all its pages), a folder, or a subject (patient, scene)</source>
        <translation>保持完整的单位：图像（含其所有页）、文件夹或个体（患者、场景）</translation>
    </message>
    <message>
        <source>what the file says of every segment; by origin: SEMIAUTOMATIC for a class of which a model drew pixels that nobody has drawn again, MANUAL for the others</source>
        <translation>文件对每个分段的说明；按像素来源：含有模型所绘且无人重绘之像素的类别为 SEMIAUTOMATIC，其余为 MANUAL</translation>
    </message>
    <message>
        <source>which labels to read where a folder holds both: newest is v2.0 where there is one</source>
        <translation>文件夹中两者兼有时读取哪种标注：最新即有 v2.0 时取 v2.0</translation>
    </message>
    <message>
        <source>with commas, in the order of their numbers from 0; for labels without data.yaml or classes.txt</source>
        <translation>以逗号分隔，按编号从 0 起的顺序；用于没有 data.yaml 或 classes.txt 的标注</translation>
    </message>
    <message>
        <source>write SegmentationObject and Annotations, at most 254 objects an image</source>
        <translation>写入 SegmentationObject 和 Annotations，每张图像至多 254 个对象</translation>
    </message>
    <message>
        <source>write an object as polygons where pycocotools turns them into exactly its pixels; the others, such as those with holes, stay run lengths</source>
        <translation>凡 pycocotools 能还原为完全相同像素的对象写为多边形；其余（如有孔洞的）仍为游程编码</translation>
    </message>
    <message>
        <source>write instances/&lt;name&gt;.png, 16 bit, a number for every object</source>
        <translation>写入 instances/&lt;name&gt;.png，16 位，每个对象一个编号</translation>
    </message>
    <message>
        <source>write instances/&lt;name&gt;.tif, 16 or 32 bit, a number for every object</source>
        <translation>写入 instances/&lt;name&gt;.tif，16 或 32 位，每个对象一个编号</translation>
    </message>
    <message>
        <source>write objects/&lt;name&gt;.nii.gz where objects have numbers, a number for every voxel</source>
        <translation>对象有编号时写入 objects/&lt;name&gt;.nii.gz，每个体素一个编号</translation>
    </message>
</context>
<context>
    <name>GoldDialog</name>
    <message>
        <source>Hidden gold images</source>
        <translation>隐藏金标准图像</translation>
    </message>
    <message>
        <source>Hide as gold, to see how well people label them</source>
        <translation>设为隐藏金标准，以检验标注质量</translation>
    </message>
    <message>
        <source>End being gold: images like any others</source>
        <translation>取消金标准：恢复为普通图像</translation>
    </message>
    <message>
        <source>What will happen</source>
        <translation>将要进行</translation>
    </message>
    <message>
        <source>Hide as gold</source>
        <translation>设为隐藏金标准</translation>
    </message>
    <message>
        <source>End being gold</source>
        <translation>取消金标准</translation>
    </message>
    <message>
        <source>What people have set or imported is kept as the truth, out of sight.</source>
        <translation>人工设置或导入的内容作为真值保存，不予显示。</translation>
    </message>
    <message>
        <source>The annotation is emptied, and the images look new to whoever opens them.</source>
        <translation>标注被清空，打开者看到的是全新图像。</translation>
    </message>
    <message>
        <source>Review, Agreement and gold… says how well they are labelled then.</source>
        <translation>标注质量见“审核”菜单的“一致性与金标准…”。</translation>
    </message>
    <message>
        <source>The annotation stays as people have made it meanwhile.</source>
        <translation>此间人工所作的标注保持不变。</translation>
    </message>
    <message>
        <source>The truth stays in the history of each image, and is kept beside it no more.</source>
        <translation>真值留在各图像的历史中，不再另存于旁。</translation>
    </message>
    <message>
        <source>Hidden as gold: {n}</source>
        <translation>已设为隐藏金标准：{n}</translation>
    </message>
    <message>
        <source>Nothing was hidden</source>
        <translation>未隐藏任何图像</translation>
    </message>
    <message>
        <source>Gold no more: {n}</source>
        <translation>不再是金标准：{n}</translation>
    </message>
    <message>
        <source>The truth is this revision of the history: {image}</source>
        <translation>真值为历史中的此版本：{image}</translation>
    </message>
    <message>
        <source>None of them was gold</source>
        <translation>其中没有金标准</translation>
    </message>
</context>
<context>
    <name>HandControls</name>
    <message>
        <source>The change of the classes is not on the disk yet, which does not answer. It is shown then.</source>
        <translation>类别的更改尚未写入磁盘，磁盘没有响应。写入后即会显示。</translation>
    </message>
</context>
<context>
    <name>History</name>
    <message>
        <source>History</source>
        <translation>历史</translation>
    </message>
    <message>
        <source>Open an image to see what was done to it.</source>
        <translation>打开图像即可查看对它做过的操作。</translation>
    </message>
    <message>
        <source>Nothing was done to this image yet.
Strokes, pre-labels, imports, decisions and comments are listed here, newest first.</source>
        <translation>尚未对此图像做任何操作。
笔画、预标注、导入、决定和评论将列于此处，最新的在前。</translation>
    </message>
    <message>
        <source>Finish what you are drawing first (Enter), or drop it (Esc)</source>
        <translation>请先完成正在绘制的内容（Enter）或放弃（Esc）</translation>
    </message>
    <message>
        <source>As it was before anything was done: revision {n} of {count}</source>
        <translation>任何操作之前：第 {n} 版，共 {count} 版</translation>
    </message>
    <message>
        <source>As it was on {when}: revision {n} of {count}</source>
        <translation>{when} 时：第 {n} 版，共 {count} 版</translation>
    </message>
    <message>
        <source> · {n} px changed</source>
        <translation> · 更改 {n} px</translation>
    </message>
    <message>
        <source>The mask has changed: back to now</source>
        <translation>掩膜已改变：回到现在</translation>
    </message>
    <message>
        <source>This is the mask as it was. Esc goes back to now, to paint</source>
        <translation>这是当时的掩膜。按 Esc 回到现在再涂画</translation>
    </message>
    <message>
        <source>Revision {n} is restored; undo takes that back</source>
        <translation>已恢复第 {n} 版；可撤销</translation>
    </message>
    <message>
        <source>The mask is as it was at revision {n} already</source>
        <translation>掩膜已与第 {n} 版相同</translation>
    </message>
    <message>
        <source>restoring revision {n} would change {name}, which is locked</source>
        <translation>恢复第 {n} 版会改变已锁定的 {name}</translation>
    </message>
    <message>
        <source>Unlock it in the classes, then restore again. Nothing was changed</source>
        <translation>请在“类别”中解锁后再恢复。未作任何更改</translation>
    </message>
    <message>
        <source>Undo {what}</source>
        <translation>撤销{what}</translation>
    </message>
    <message>
        <source>Redo {what}</source>
        <translation>重做{what}</translation>
    </message>
    <message>
        <source>Restore revision {n}</source>
        <translation>恢复第 {n} 版</translation>
    </message>
    <message>
        <source>pre-label by {model}</source>
        <translation>由 {model} 预标注</translation>
    </message>
    <message>
        <source>import of {file}</source>
        <translation>导入 {file}</translation>
    </message>
    <message>
        <source>approved</source>
        <translation>已批准</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>rejected: {reason}</source>
        <translation>已驳回：{reason}</translation>
    </message>
    <message>
        <source>in work again</source>
        <translation>已退回处理</translation>
    </message>
    <message>
        <source>comment: {text}</source>
        <translation>评论：{text}</translation>
    </message>
    <message>
        <source>comment resolved</source>
        <translation>评论已解决</translation>
    </message>
    <message>
        <source>comment reopened</source>
        <translation>评论已重新打开</translation>
    </message>
    <message>
        <source>reference {name} kept</source>
        <translation>已保存参照 {name}</translation>
    </message>
    <message>
        <source>{n} × undo and redo</source>
        <translation>{n} × 撤销与重做</translation>
    </message>
    <message>
        <source>{n} × {what}</source>
        <translation>{n} × {what}</translation>
    </message>
    <message>
        <source>{n} steps: {what}</source>
        <translation>{n} 步：{what}</translation>
    </message>
    <message>
        <source>, {n} undone</source>
        <translation>，{n} 步已撤销</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>刚刚</translation>
    </message>
    <message>
        <source>{n} min ago</source>
        <translation>{n} 分钟前</translation>
    </message>
    <message>
        <source>d MMM, HH:mm</source>
        <translation>M月d日 HH:mm</translation>
    </message>
    <message>
        <source>d MMM yyyy, HH:mm</source>
        <translation>yyyy年M月d日 HH:mm</translation>
    </message>
    <message>
        <source>ddd d MMM yyyy, HH:mm:ss</source>
        <translation>yyyy年M月d日 ddd HH:mm:ss</translation>
    </message>
    <message>
        <source>Revision {n}</source>
        <translation>第 {n} 版</translation>
    </message>
    <message>
        <source>Revisions {first} to {last}</source>
        <translation>第 {first} 至 {last} 版</translation>
    </message>
</context>
<context>
    <name>HistoryPanel</name>
    <message>
        <source>Revision</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Restore this</source>
        <translation>恢复此版</translation>
    </message>
    <message>
        <source>Back to now</source>
        <translation>回到现在</translation>
    </message>
    <message>
        <source>Show the mask as it is, and paint on  (Esc)</source>
        <translation>显示当前掩膜并继续涂画  (Esc)</translation>
    </message>
    <message>
        <source>{n} of {count}</source>
        <translation>{n}/{count}</translation>
    </message>
    <message>
        <source>Make the mask what is shown, as one step of undo</source>
        <translation>将掩膜改为所示内容，作为一步撤销</translation>
    </message>
    <message>
        <source>The project is open for looking only</source>
        <translation>项目以只读方式打开</translation>
    </message>
    <message>
        <source>Choose a row first: its mask is shown, and can be restored</source>
        <translation>请先选择一行：其掩膜会显示并可恢复</translation>
    </message>
    <message>
        <source>The mask is so now</source>
        <translation>掩膜现在即如此</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Replay, from the first stroke if now is shown</source>
        <translation>回放；若显示的是现在，则从第一笔开始</translation>
    </message>
</context>
<context>
    <name>HistoryTree</name>
    <message>
        <source>What was done to the image, newest first</source>
        <translation>对图像做过的操作，最新的在前</translation>
    </message>
</context>
<context>
    <name>ImageActions</name>
    <message>
        <source>Finish what you are drawing first (Enter), or drop it (Esc)</source>
        <translation>请先完成正在绘制的内容（Enter）或放弃（Esc）</translation>
    </message>
    <message>
        <source>Undone: {what}</source>
        <translation>已撤销：{what}</translation>
    </message>
    <message>
        <source>Redone: {what}</source>
        <translation>已重做：{what}</translation>
    </message>
</context>
<context>
    <name>ImagePanel</name>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Status or split</source>
        <translation>状态或划分</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>in no split</source>
        <translation>未划分</translation>
    </message>
    <message>
        <source>No image matches. Clear the search or choose another status.</source>
        <translation>没有匹配的图像。请清除搜索或选择其他状态。</translation>
    </message>
    <message>
        <source>No images yet. File, Add images… or drop files here.</source>
        <translation>尚无图像。用“文件”菜单的“添加图像…”，或将文件拖放到此处。</translation>
    </message>
    <message>
        <source>{n} images into</source>
        <translation>将 {n} 张图像划入</translation>
    </message>
    <message>
        <source>Put into</source>
        <translation>划入</translation>
    </message>
    <message>
        <source>no split</source>
        <translation>不划分</translation>
    </message>
    <message>
        <source>Remove from the project…</source>
        <translation>从项目中移除…</translation>
    </message>
</context>
<context>
    <name>ImagesDialog</name>
    <message>
        <source>What is worth knowing</source>
        <translation>须知</translation>
    </message>
    <message>
        <source>{n} images</source>
        <translation>{n} 张图像</translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message>
        <source>Import labels</source>
        <translation>导入标注</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>What will happen</source>
        <translation>将要进行</translation>
    </message>
    <message>
        <source>Labels go to the images of this project whose names match; nothing is guessed.</source>
        <translation>标注归入本项目中名称匹配的图像，不作猜测。</translation>
    </message>
    <message>
        <source>Pixels that a human or a reviewer has set stay as they are.</source>
        <translation>人工或审核者设置的像素保持不变。</translation>
    </message>
    <message>
        <source>Each image gets one step that can be undone.</source>
        <translation>每张图像记为一步，可撤销。</translation>
    </message>
    <message>
        <source>Neither the labels nor the images themselves are changed on disk.</source>
        <translation>磁盘上的标注和图像均不改变。</translation>
    </message>
    <message>
        <source>There is no such file or folder.</source>
        <translation>没有这样的文件或文件夹。</translation>
    </message>
    <message>
        <source>The project can only be read: {why}.</source>
        <translation>项目只能读取：{why}。</translation>
    </message>
    <message>
        <source>The file or the folder that holds the labels.</source>
        <translation>存放标注的文件或文件夹。</translation>
    </message>
    <message>
        <source>Reading the labels…</source>
        <translation>正在读取标注…</translation>
    </message>
    <message>
        <source>Stopped. What came in before stays; undo takes it back image by image.</source>
        <translation>已停止。此前导入的保留；可逐图撤销。</translation>
    </message>
    <message>
        <source>The labels could not be imported</source>
        <translation>无法导入标注</translation>
    </message>
    <message>
        <source>Notices</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Copy the list</source>
        <translation>复制列表</translation>
    </message>
    <message>
        <source>Labels imported</source>
        <translation>已导入标注</translation>
    </message>
    <message>
        <source>Nothing was imported</source>
        <translation>未导入任何内容</translation>
    </message>
    <message>
        <source>Images: {images}   Objects: {objects}   Left out: {skipped}</source>
        <translation>图像：{images}   对象：{objects}   略过：{skipped}</translation>
    </message>
</context>
<context>
    <name>JobBar</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>about {n} s left</source>
        <translation>约剩 {n} 秒</translation>
    </message>
    <message>
        <source>about {n} min left</source>
        <translation>约剩 {n} 分钟</translation>
    </message>
</context>
<context>
    <name>JobDialog</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
</context>
<context>
    <name>Keys</name>
    <message>
        <source>Move the picture</source>
        <translation>移动画面</translation>
    </message>
    <message>
        <source>Finish a shape</source>
        <translation>完成形状</translation>
    </message>
    <message>
        <source>Take the last point off</source>
        <translation>去掉最后一点</translation>
    </message>
    <message>
        <source>Delete a point</source>
        <translation>删除一点</translation>
    </message>
    <message>
        <source>Abandon a shape</source>
        <translation>放弃形状</translation>
    </message>
    <message>
        <source>Go to the next control</source>
        <translation>转到下一控件</translation>
    </message>
</context>
<context>
    <name>KeysDialog</name>
    <message>
        <source>Keys and mouse</source>
        <translation>键盘与鼠标</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search an action or a key</source>
        <translation>搜索操作或按键</translation>
    </message>
    <message>
        <source>What</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Key or mouse</source>
        <translation>按键或鼠标</translation>
    </message>
    <message>
        <source>Keys as in</source>
        <translation>按键方案</translation>
    </message>
    <message>
        <source>Start from the keys of another program</source>
        <translation>采用其他程序的按键</translation>
    </message>
    <message>
        <source>Keys as in {program}</source>
        <translation>按键同 {program}</translation>
    </message>
    <message>
        <source>New key</source>
        <translation>新按键</translation>
    </message>
    <message>
        <source>Press the new key</source>
        <translation>请按下新按键</translation>
    </message>
    <message>
        <source>Take it over</source>
        <translation>改用此键</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>No key</source>
        <translation>无按键</translation>
    </message>
    <message>
        <source>Reset all</source>
        <translation>全部重置</translation>
    </message>
    <message>
        <source>Mouse</source>
        <translation>鼠标</translation>
    </message>
    <message>
        <source>Finish a polygon</source>
        <translation>完成多边形</translation>
    </message>
    <message>
        <source>Enter or double click</source>
        <translation>Enter 或双击</translation>
    </message>
    <message>
        <source>Take the last point off</source>
        <translation>去掉最后一点</translation>
    </message>
    <message>
        <source>Abandon a shape</source>
        <translation>放弃形状</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>绘制</translation>
    </message>
    <message>
        <source>Left button</source>
        <translation>左键</translation>
    </message>
    <message>
        <source>Erase with the brush</source>
        <translation>用笔刷擦除</translation>
    </message>
    <message>
        <source>Right button</source>
        <translation>右键</translation>
    </message>
    <message>
        <source>Zoom at the pointer</source>
        <translation>在指针处缩放</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>滚轮</translation>
    </message>
    <message>
        <source>Change the brush&apos;s size</source>
        <translation>改变笔刷大小</translation>
    </message>
    <message>
        <source>Shift + wheel</source>
        <translation>Shift + 滚轮</translation>
    </message>
    <message>
        <source>Turn slices</source>
        <translation>翻切片</translation>
    </message>
    <message>
        <source>Alt + wheel</source>
        <translation>Alt + 滚轮</translation>
    </message>
    <message>
        <source>Move the picture</source>
        <translation>移动画面</translation>
    </message>
    <message>
        <source>Middle button, or Space + left button</source>
        <translation>中键，或空格 + 左键</translation>
    </message>
    <message>
        <source>Choose an action to give it another key</source>
        <translation>选择一个操作以更换按键</translation>
    </message>
    <message>
        <source>{key} always means: {what}</source>
        <translation>{key} 固定用于：{what}</translation>
    </message>
    <message>
        <source>{key} belongs to “{what}”. If you take it over, that has one key less.</source>
        <translation>{key} 属于“{what}”。若改用，该操作将少一个按键。</translation>
    </message>
</context>
<context>
    <name>LabelErrorFinder</name>
    <message>
        <source>Looking for label errors</source>
        <translation>正在查找标注错误</translation>
    </message>
    <message>
        <source>1 image is judged; Review lists where its labels may be wrong</source>
        <translation>已评判 1 幅图像；审阅中列出其标注可能有误之处</translation>
    </message>
    <message>
        <source>{n} images are judged; Review lists where their labels may be wrong</source>
        <translation>已判断 {n} 张图像；“审核”列出标注可能有误之处</translation>
    </message>
    <message>
        <source>{n} left out</source>
        <translation>略过 {n} 张</translation>
    </message>
</context>
<context>
    <name>Language</name>
    <message>
        <source>The language changes when labeltool is started again</source>
        <translation>语言将在下次启动 labeltool 时更改</translation>
    </message>
</context>
<context>
    <name>LayerPanel</name>
    <message>
        <source>Mask</source>
        <translation>掩膜</translation>
    </message>
    <message>
        <source>Model&apos;s answer</source>
        <translation>模型结果</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Never looked at</source>
        <translation>从未查看</translation>
    </message>
    <message>
        <source>As an outline</source>
        <translation>显示为轮廓</translation>
    </message>
    <message>
        <source>Blue: missed. Red: where none is. Yellow: confused. Rims of 2 px are fainter</source>
        <translation>蓝：漏标。红：误标。黄：混淆。2 px 的边缘较淡</translation>
    </message>
    <message>
        <source>What was never on the screen at half of its resolution or larger</source>
        <translation>从未以半分辨率或更高显示过的部分</translation>
    </message>
    <message>
        <source>Pre-label this image first</source>
        <translation>请先预标注此图像</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>Outlines</source>
        <translation>轮廓</translation>
    </message>
    <message>
        <source>Opacity of the mask</source>
        <translation>掩膜不透明度</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>unsure</source>
        <translation>存疑</translation>
    </message>
    <message>
        <source>nearly sure</source>
        <translation>较确定</translation>
    </message>
</context>
<context>
    <name>Listing</name>
    <message>
        <source>Trainings and models</source>
        <translation>训练与模型</translation>
    </message>
    <message>
        <source>Rounds: trained, compared, put in use or refused</source>
        <translation>轮次：已训练、已比较、已启用或未采用</translation>
    </message>
    <message>
        <source>Trainings</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>embedded</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>of this project</source>
        <translation>属于本项目</translation>
    </message>
    <message>
        <source>IoU {score} on val</source>
        <translation>验证集 IoU {score}</translation>
    </message>
</context>
<context>
    <name>LockedDialog</name>
    <message>
        <source>Somebody is editing this project</source>
        <translation>有人正在编辑此项目</translation>
    </message>
    <message>
        <source>It is open for editing here: {who}.</source>
        <translation>正在此处编辑：{who}。</translation>
    </message>
    <message>
        <source>You can look at all of it meanwhile, as it is saved; nothing is written. When it is free, one click lets you edit it.</source>
        <translation>在此期间可查看已保存的全部内容，不会写入。空闲后单击即可编辑。</translation>
    </message>
    <message>
        <source>That is another computer, and from here nobody can look whether it still runs. If it is gone for good, the project can be taken over.</source>
        <translation>那是另一台计算机，此处无法得知它是否仍在运行。若已彻底停用，可接管该项目。</translation>
    </message>
    <message>
        <source>Open to view</source>
        <translation>以查看方式打开</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Take it over…</source>
        <translation>接管…</translation>
    </message>
</context>
<context>
    <name>LongWork</name>
    <message>
        <source>something else is at work</source>
        <translation>另有任务正在进行</translation>
    </message>
    <message>
        <source>Wait for it, or cancel it first</source>
        <translation>请等待其完成，或先取消</translation>
    </message>
</context>
<context>
    <name>LookPanel</name>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>窗位</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>窗宽</translation>
    </message>
    <message>
        <source>Gamma</source>
        <translation>伽马</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>Adjust</source>
        <translation>调整</translation>
    </message>
    <message>
        <source>Inverted</source>
        <translation>反相</translation>
    </message>
    <message>
        <source>All colours</source>
        <translation>全部颜色</translation>
    </message>
    <message>
        <source>Red</source>
        <translation>红</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>绿</translation>
    </message>
    <message>
        <source>Blue</source>
        <translation>蓝</translation>
    </message>
    <message>
        <source>Channels that are shown as red, green and blue</source>
        <translation>显示为红、绿、蓝的通道</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>For the eye only, values never change. Ctrl and the right mouse button on the image: across for the width, up and down for the level. A double click sets it back</source>
        <translation>仅为便于观察，数值不变。在图像上按住 Ctrl 和鼠标右键拖动：左右调窗宽，上下调窗位。双击复位</translation>
    </message>
    <message>
        <source>As stored</source>
        <translation>按存储值</translation>
    </message>
    <message>
        <source>As opened</source>
        <translation>按打开时</translation>
    </message>
    <message>
        <source>Auto: percentiles</source>
        <translation>自动：百分位</translation>
    </message>
    <message>
        <source>Full range of the type</source>
        <translation>类型的全范围</translation>
    </message>
    <message>
        <source>Custom</source>
        <translation>自定义</translation>
    </message>
    <message>
        <source>In colour</source>
        <translation>彩色</translation>
    </message>
    <message>
        <source>{channel} alone</source>
        <translation>仅 {channel}</translation>
    </message>
    <message>
        <source>{numbers} (file)</source>
        <translation>{numbers}（文件）</translation>
    </message>
</context>
<context>
    <name>Looking</name>
    <message>
        <source>Somebody has looked at all of this image</source>
        <translation>此图像已全部有人查看过</translation>
    </message>
</context>
<context>
    <name>LoopCurve</name>
    <message>
        <source>against</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Images that the round learnt from or chose on</source>
        <translation>该轮用于学习或选模的图像</translation>
    </message>
    <message>
        <source>clicks</source>
        <translation>点击</translation>
    </message>
    <message>
        <source>Clicks of people on the images, those of the split test apart</source>
        <translation>人在图像上的点击数，测试集除外</translation>
    </message>
    <message>
        <source>minutes</source>
        <translation>分钟</translation>
    </message>
    <message>
        <source>Minutes that people worked on them, pauses left out</source>
        <translation>人工工作的分钟数，不含停顿</translation>
    </message>
    <message>
        <source>mIoU on the test images: no round has been measured yet</source>
        <translation>测试图像上的 mIoU：尚无轮次完成度量</translation>
    </message>
    <message>
        <source>mIoU on the test images</source>
        <translation>测试图像上的 mIoU</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>refused</source>
        <translation>未采用</translation>
    </message>
    <message>
        <source>other test images</source>
        <translation>测试图像不同</translation>
    </message>
</context>
<context>
    <name>LoopPage</name>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Progress of the round</source>
        <translation>本轮进度</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>Ranking</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>No round has ended yet. A round trains on what people have labelled, and holds the new model against the one in use on the test images, which nothing is ever trained on. The new one is used from then on, unless a class is worse by more than chance explains. Here the curve will show how good the model became by how many images, clicks and minutes of work.</source>
        <translation>尚无轮次结束。一轮用人工标注的内容训练，再在测试图像上与使用中的模型比较，测试图像从不用于训练。此后启用新模型，除非某一类别变差的程度超出偶然。此处的曲线将显示模型随图像、点击和工作分钟数的增加好到何种程度。</translation>
    </message>
    <message>
        <source>Nobody has ranked the images yet, so there is nothing to compare with chance.</source>
        <translation>尚未排列图像，因此无从与随机对比。</translation>
    </message>
    <message>
        <source>stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>a round is running</source>
        <translation>正在进行一轮</translation>
    </message>
    <message>
        <source>Loop</source>
        <translation>循环</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>It would take {count} images: learn from {learn}, choose on {choose}; and be measured on {test} others.</source>
        <translation>将使用 {count} 幅图像：{learn} 幅用于学习，{choose} 幅用于选择；另在 {test} 幅上度量。</translation>
    </message>
    <message>
        <source>Rounds that cannot be read: {n}.</source>
        <translation>无法读取的轮次：{n}。</translation>
    </message>
    <message>
        <source>Approved since the last round: {n}.</source>
        <translation>上一轮以来已批准：{n}。</translation>
    </message>
    <message>
        <source>Approved: {n}.</source>
        <translation>已批准：{n}。</translation>
    </message>
    <message>
        <source>A round begins by hand.</source>
        <translation>手动开始一轮。</translation>
    </message>
    <message>
        <source>A round is due: it begins with the next approval.</source>
        <translation>应开始一轮：下一次批准时开始。</translation>
    </message>
    <message>
        <source>A round begins by itself after one more approval.</source>
        <translation>再批准 1 张后自动开始一轮。</translation>
    </message>
    <message>
        <source>A round begins by itself after {n} more approvals.</source>
        <translation>再批准 {n} 张后自动开始一轮。</translation>
    </message>
    <message>
        <source>Round</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Minutes</source>
        <translation>分钟</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>New</source>
        <translation>之后</translation>
    </message>
    <message>
        <source>Began</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>使用中</translation>
    </message>
</context>
<context>
    <name>LoopView</name>
    <message>
        <source>The settings of rounds are kept</source>
        <translation>轮次设置已保存</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>The mask was hidden; it is shown again, as you are painting on it</source>
        <translation>掩膜原为隐藏；因您正在涂画，现重新显示</translation>
    </message>
    <message>
        <source>What you were drawing was not finished, and is gone</source>
        <translation>正在绘制的内容尚未完成，已经丢弃</translation>
    </message>
    <message>
        <source>{name} (read only) – labeltool</source>
        <translation>{name}（只读）– labeltool</translation>
    </message>
    <message>
        <source>About labeltool</source>
        <translation>关于 labeltool</translation>
    </message>
    <message>
        <source>labeltool {version}
Pixel-accurate masks. Apache-2.0.</source>
        <translation>labeltool {version}
像素级精确的掩膜。Apache-2.0。</translation>
    </message>
</context>
<context>
    <name>MeasuresDialog</name>
    <message>
        <source>Measures</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>What is worth knowing</source>
        <translation>须知</translation>
    </message>
    <message>
        <source>Choose what to measure, then press Measure.</source>
        <translation>选择测量内容，然后按“测量”。</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>All images</source>
        <translation>全部图像</translation>
    </message>
    <message>
        <source>The image at hand</source>
        <translation>当前图像</translation>
    </message>
    <message>
        <source>Only the split {name}</source>
        <translation>仅 {name} 划分</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Export to CSV…</source>
        <translation>导出为 CSV…</translation>
    </message>
    <message>
        <source>No image is open. Open one, or measure all images.</source>
        <translation>未打开图像。请打开一张，或测量全部图像。</translation>
    </message>
    <message>
        <source>Measuring…</source>
        <translation>正在测量…</translation>
    </message>
    <message>
        <source>Nothing is labelled in these images. Paint or pre-label something, then measure again.</source>
        <translation>这些图像尚无标注。请先涂画或预标注，再重新测量。</translation>
    </message>
    <message>
        <source>Rows: {n}.</source>
        <translation>行数：{n}。</translation>
    </message>
    <message>
        <source>A click on a row shows its place in the image; a click on a heading sorts.</source>
        <translation>点击一行显示其在图像中的位置；点击表头排序。</translation>
    </message>
    <message>
        <source>Measuring did not work</source>
        <translation>测量失败</translation>
    </message>
    <message>
        <source>Stopped. Press Measure to begin again.</source>
        <translation>已停止。按“测量”重新开始。</translation>
    </message>
    <message>
        <source>Export to CSV</source>
        <translation>导出为 CSV</translation>
    </message>
    <message>
        <source>Written: {file}.</source>
        <translation>已写入：{file}。</translation>
    </message>
    <message>
        <source>The table could not be written</source>
        <translation>无法写入表格</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>正在写入…</translation>
    </message>
</context>
<context>
    <name>MeasuresTable</name>
    <message>
        <source>Measures</source>
        <translation>测量</translation>
    </message>
</context>
<context>
    <name>Minimap</name>
    <message>
        <source>Minimap</source>
        <translation>缩略图</translation>
    </message>
</context>
<context>
    <name>ModelPage</name>
    <message>
        <source>Roll back</source>
        <translation>退回旧模型</translation>
    </message>
    <message>
        <source>Compare with…</source>
        <translation>对比…</translation>
    </message>
    <message>
        <source>Pre-label…</source>
        <translation>预标注…</translation>
    </message>
    <message>
        <source>Export as ONNX…</source>
        <translation>导出为 ONNX…</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Figures of each class</source>
        <translation>各类别指标</translation>
    </message>
    <message>
        <source>Figures of each image</source>
        <translation>各图像指标</translation>
    </message>
    <message>
        <source>Validation images, the worst first; a double click shows one</source>
        <translation>验证图像，最差的在前；双击打开</translation>
    </message>
    <message>
        <source>comes with the program</source>
        <translation>随程序提供</translation>
    </message>
    <message>
        <source>of this project</source>
        <translation>属于本项目</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation>编码器</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Sees</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Learnt from</source>
        <translation>学习数据</translation>
    </message>
    <message>
        <source>Digest of it</source>
        <translation>数据摘要</translation>
    </message>
    <message>
        <source>Trained</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Chosen on</source>
        <translation>选模依据</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>{n} channels, windows of {tile} px, enlarged by {scale}</source>
        <translation>{n} 个通道，窗口 {tile} px，放大 {scale} 倍</translation>
    </message>
    <message>
        <source>{n} images of this project</source>
        <translation>本项目的 {n} 张图像</translation>
    </message>
    <message>
        <source>1 image of this project</source>
        <translation>本项目的 1 幅图像</translation>
    </message>
    <message>
        <source>best at step {n}</source>
        <translation>第 {n} 步最佳</translation>
    </message>
    <message>
        <source>On {n} validation images</source>
        <translation>在 {n} 张验证图像上</translation>
    </message>
    <message>
        <source>On 1 validation image</source>
        <translation>在 1 幅验证图像上</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精确率</translation>
    </message>
    <message>
        <source>Recall</source>
        <translation>召回率</translation>
    </message>
    <message>
        <source>Boundary IoU</source>
        <translation>边界 IoU</translation>
    </message>
    <message>
        <source>not in this project</source>
        <translation>不在本项目中</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>This model came without figures of single images. Compare it with another one to see them.</source>
        <translation>此模型没有单张图像的指标。将其与另一模型比较即可查看。</translation>
    </message>
</context>
<context>
    <name>Models</name>
    <message>
        <source>no model knows the classes of this project ({classes})</source>
        <translation>没有模型认识本项目的类别（{classes}）</translation>
    </message>
    <message>
        <source>There are: {models}. Add or rename classes so that they bear these names, or label a few images and run `labeltool train`</source>
        <translation>现有：{models}。请添加类别或改为这些名称，或标注几张图像后运行 `labeltool train`</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>The model {name} will pre-label these.</source>
        <translation>模型 {name} 将预标注它们。</translation>
    </message>
    <message>
        <source>No model knows these classes; {models}.</source>
        <translation>没有模型认识这些类别；{models}。</translation>
    </message>
    <message>
        <source>{name} knows: {classes}</source>
        <translation>{name} 认识：{classes}</translation>
    </message>
    <message>
        <source>Comparing</source>
        <translation>正在比较</translation>
    </message>
    <message>
        <source>Weights beside their card.json</source>
        <translation>与 card.json 同处的权重</translation>
    </message>
    <message>
        <source>Add a model</source>
        <translation>添加模型</translation>
    </message>
    <message>
        <source>Adding a model</source>
        <translation>正在添加模型</translation>
    </message>
    <message>
        <source>Export as ONNX</source>
        <translation>导出为 ONNX</translation>
    </message>
    <message>
        <source>Exporting a model</source>
        <translation>正在导出模型</translation>
    </message>
    <message>
        <source>Its curves, samples and state are deleted. The models that came of it stay.</source>
        <translation>其曲线、样例和状态将被删除。由它产生的模型保留。</translation>
    </message>
    <message>
        <source>Its weights are deleted from the project. Predictions that it has made stay.</source>
        <translation>其权重将从项目中删除。它所作的预测保留。</translation>
    </message>
    <message>
        <source>Delete {name}?</source>
        <translation>删除 {name}？</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>MoreOptions</name>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation>编码器</translation>
    </message>
    <message>
        <source>Keep the encoder as it is</source>
        <translation>编码器保持不变</translation>
    </message>
    <message>
        <source>Rare classes count more</source>
        <translation>稀有类别加权</translation>
    </message>
    <message>
        <source>Verified pixels only</source>
        <translation>仅用已核实像素</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Steps at most</source>
        <translation>最多步数</translation>
    </message>
    <message>
        <source>Side of a crop</source>
        <translation>裁剪边长</translation>
    </message>
    <message>
        <source>Crops a step</source>
        <translation>每步裁剪数</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Enlarge images by</source>
        <translation>图像放大倍数</translation>
    </message>
    <message>
        <source>Stop early after</source>
        <translation>提前停止</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Begin with</source>
        <translation>初始权重</translation>
    </message>
    <message>
        <source>A file of weights: of a whole model, or of an encoder as timm names its tensors</source>
        <translation>权重文件：整个模型，或张量按 timm 命名的编码器</translation>
    </message>
    <message>
        <source>What people have set here, and what was imported of images that are approved</source>
        <translation>在此由人工设置的，以及已批准图像中导入的</translation>
    </message>
    <message>
        <source>The share of the schedule without a better score after which it stops; 0 never stops</source>
        <translation>得分无改善达到此训练进度比例时停止；0 表示从不停止</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>random weights; else a file of a whole model, or of an encoder</source>
        <translation>随机权重；或整个模型或编码器的文件</translation>
    </message>
</context>
<context>
    <name>NewPage</name>
    <message>
        <source>as long as the steps take</source>
        <translation>按步数而定</translation>
    </message>
    <message>
        <source> min</source>
        <translation> 分钟</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>What is left out</source>
        <translation>略过的内容</translation>
    </message>
    <message>
        <source>Start training</source>
        <translation>开始训练</translation>
    </message>
    <message>
        <source>New training</source>
        <translation>新建训练</translation>
    </message>
    <message>
        <source>How</source>
        <translation>方式</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Learn from the unlabelled image as well (takes longer)</source>
        <translation>同时从未标注的图像学习（耗时更长）</translation>
    </message>
    <message>
        <source>Learn from the {n} unlabelled images as well (takes longer)</source>
        <translation>同时从 {n} 张未标注图像学习（耗时更长）</translation>
    </message>
    <message>
        <source>There are no unlabelled images to learn from as well</source>
        <translation>没有可一并学习的未标注图像</translation>
    </message>
    <message>
        <source>… and {n} more</source>
        <translation>… 另有 {n} 项</translation>
    </message>
    <message>
        <source>Learn from the unlabelled images as well (takes longer)</source>
        <translation>同时从未标注图像学习（耗时更长）</translation>
    </message>
    <message>
        <source>to learn from</source>
        <translation>用于学习</translation>
    </message>
    <message>
        <source>to choose on</source>
        <translation>用于选模</translation>
    </message>
    <message>
        <source>unlabelled</source>
        <translation>未标注</translation>
    </message>
    <message>
        <source>kept for testing</source>
        <translation>留作测试</translation>
    </message>
    <message>
        <source>There is a training or model called {name} already.</source>
        <translation>已有名为 {name} 的训练或模型。</translation>
    </message>
    <message>
        <source>With one labelled image there is none to choose on: the last weights are kept.</source>
        <translation>仅有一张已标注图像，无从选模：保留最后的权重。</translation>
    </message>
    <message>
        <source>Of the labelled pixels of these images {percent} % are verified and learnt from.</source>
        <translation>这些图像的已标注像素中 {percent} % 已核实并用于学习。</translation>
    </message>
    <message>
        <source>{what}: figures will be better than on new images</source>
        <translation>{what}：指标会好于新图像上的实际表现</translation>
    </message>
</context>
<context>
    <name>NewProjectDialog</name>
    <message>
        <source>New project</source>
        <translation>新建项目</translation>
    </message>
    <message>
        <source>Folder of the project</source>
        <translation>项目文件夹</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>nucleus, cell, …</source>
        <translation>nucleus, cell, …</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Make the project</source>
        <translation>创建项目</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>From a file…</source>
        <translation>从文件…</translation>
    </message>
    <message>
        <source>Classes as they will be</source>
        <translation>类别预览</translation>
    </message>
    <message>
        <source>Images and folders</source>
        <translation>图像与文件夹</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Add images…</source>
        <translation>添加图像…</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Lists of classes (*.json)</source>
        <translation>类别列表 (*.json)</translation>
    </message>
    <message>
        <source>Add images</source>
        <translation>添加图像</translation>
    </message>
    <message>
        <source>Add a folder of images</source>
        <translation>添加图像文件夹</translation>
    </message>
    <message>
        <source>Still looking for images: there are many, or the drive does not answer.</source>
        <translation>仍在查找图像：图像很多，或驱动器没有响应。</translation>
    </message>
    <message>
        <source>Labels are kept here, saved as you draw them.</source>
        <translation>标注保存于此，绘制时即保存。</translation>
    </message>
    <message>
        <source>The project is made in {root}.</source>
        <translation>项目将创建于 {root}。</translation>
    </message>
    <message>
        <source>Name at least one class; commas stand between them.</source>
        <translation>请至少输入一个类别；以逗号分隔。</translation>
    </message>
    <message>
        <source>Classes can be added, renamed and recoloured later.</source>
        <translation>之后可添加类别、改名和改色。</translation>
    </message>
    <message>
        <source>A project needs a folder.</source>
        <translation>项目需要文件夹。</translation>
    </message>
    <message>
        <source>There is a project here already; open it, or choose another folder.</source>
        <translation>此处已有项目；请打开它，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>The folder is not empty; choose a new or an empty one.</source>
        <translation>文件夹不为空；请选择新的或空的文件夹。</translation>
    </message>
    <message>
        <source>The folder cannot be read: {reason}.</source>
        <translation>无法读取文件夹：{reason}。</translation>
    </message>
    <message>
        <source>Nothing can be written in {folder}.</source>
        <translation>无法写入 {folder}。</translation>
    </message>
    <message>
        <source>Images can be added later as well.</source>
        <translation>图像也可之后添加。</translation>
    </message>
    <message>
        <source>Looking for images…</source>
        <translation>正在查找图像…</translation>
    </message>
    <message>
        <source>Images found: {n}. They stay where they are; they are never copied or changed.</source>
        <translation>找到图像：{n}。图像留在原处，不复制也不更改。</translation>
    </message>
    <message>
        <source> Left out: {n}.</source>
        <translation> 略过：{n}。</translation>
    </message>
</context>
<context>
    <name>Offers</name>
    <message>
        <source>Point at one of the regions that are offered, then Enter takes it</source>
        <translation>指向一个提议区域，再按 Enter 采用</translation>
    </message>
    <message>
        <source>Declined; the next stroke offers again</source>
        <translation>已拒绝；下一笔会再次提议</translation>
    </message>
    <message>
        <source>Offered region {n} of {count}</source>
        <translation>提议区域 {n}/{count}</translation>
    </message>
    <message>
        <source>It is tried again with the next image.</source>
        <translation>将在下一张图像上重试。</translation>
    </message>
    <message>
        <source>Failed: {error}.</source>
        <translation>失败：{error}。</translation>
    </message>
    <message>
        <source>Regions offered: {n}</source>
        <translation>提议区域：{n}</translation>
    </message>
    <message>
        <source>Off. While it is on, what you paint teaches the model,
and it offers a better mask for the rest of the image.</source>
        <translation>已关闭。打开后，您所涂的内容会教给模型，
模型为图像其余部分提议更好的掩膜。</translation>
    </message>
    <message>
        <source>Waits for an image. Of a very large one it looks at a part:
zoom in, or begin to paint.</source>
        <translation>等待图像。很大的图像只看一部分：
请放大，或开始涂画。</translation>
    </message>
    <message>
        <source>The model looks at the image…</source>
        <translation>模型正在查看图像…</translation>
    </message>
    <message>
        <source>Ready: the next stroke teaches the model.</source>
        <translation>就绪：下一笔即教给模型。</translation>
    </message>
    <message>
        <source>The image is approved; nothing of it is offered to be changed.</source>
        <translation>此图像已批准，不再提议更改。</translation>
    </message>
    <message>
        <source>The project was opened for reading only; nothing is offered.</source>
        <translation>项目以只读方式打开，不作提议。</translation>
    </message>
    <message>
        <source>No model knows the classes of this project. Pre-label says which names one would know;
the workspace Train makes one from what you have labelled.</source>
        <translation>没有模型认识本项目的类别。预标注会说明可用哪些名称；
“训练”工作区可用已标注内容训练一个。</translation>
    </message>
    <message>
        <source>all {n}</source>
        <translation>全部 {n} 个</translation>
    </message>
    <message>
        <source>takes {all}</source>
        <translation>采用{all}</translation>
    </message>
    <message>
        <source>declines</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>point at one, &lt;b&gt;Enter&lt;/b&gt; takes it</source>
        <translation>指向一个，按 &lt;b&gt;Enter&lt;/b&gt; 采用</translation>
    </message>
    <message>
        <source>shows the largest</source>
        <translation>显示最大的</translation>
    </message>
    <message>
        <source>{area} px, {percent} % sure</source>
        <translation>{area} px，置信度 {percent} %</translation>
    </message>
    <message>
        <source>&lt;b&gt;Enter&lt;/b&gt; takes it</source>
        <translation>&lt;b&gt;Enter&lt;/b&gt; 采用</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
</context>
<context>
    <name>OptionsBar</name>
    <message>
        <source>Brush</source>
        <translation>笔刷</translation>
    </message>
</context>
<context>
    <name>OptionsForm</name>
    <message>
        <source>without {option}</source>
        <translation>不用{option}</translation>
    </message>
</context>
<context>
    <name>PageBar</name>
    <message>
        <source>Page or slice</source>
        <translation>页或切片</translation>
    </message>
    <message>
        <source>Page Up and Page Down turn pages as well, and so does the wheel on the image with Alt; View, Wheel turns slices makes it turn them without</source>
        <translation>Page Up 和 Page Down 也可翻页，在图像上按 Alt 加滚轮亦可；用“视图”菜单的“滚轮翻切片”可免按 Alt</translation>
    </message>
    <message>
        <source>Previous page or slice</source>
        <translation>上一页或切片</translation>
    </message>
    <message>
        <source>Next page or slice</source>
        <translation>下一页或切片</translation>
    </message>
</context>
<context>
    <name>PaintButton</name>
    <message>
        <source>Where painting counts</source>
        <translation>涂画范围</translation>
    </message>
    <message>
        <source>Paint only over</source>
        <translation>仅涂在以下类别上</translation>
    </message>
    <message>
        <source>Only where the image is between</source>
        <translation>仅涂图像亮度介于</translation>
    </message>
    <message>
        <source>and</source>
        <translation>与</translation>
    </message>
    <message>
        <source>Brightness, 0 to 255</source>
        <translation>亮度，0 至 255</translation>
    </message>
    <message>
        <source>Paint anywhere; click to protect pixels</source>
        <translation>任意位置可涂；点击以保护像素</translation>
    </message>
    <message>
        <source>Only {rules}</source>
        <translation>仅涂 {rules}</translation>
    </message>
    <message>
        <source>over {name}</source>
        <translation>{name}</translation>
    </message>
    <message>
        <source>unlabelled</source>
        <translation>未标注</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Find an action</source>
        <translation>查找操作</translation>
    </message>
    <message>
        <source>Actions</source>
        <translation>操作</translation>
    </message>
</context>
<context>
    <name>PathEdit</name>
    <message>
        <source>File…</source>
        <translation>文件…</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>文件夹…</translation>
    </message>
</context>
<context>
    <name>People</name>
    <message>
        <source>Called done by {who}, {ago} ({at}), at r{revision}</source>
        <translation>{who} 标为完成，{ago}（{at}），第 {revision} 版</translation>
    </message>
    <message>
        <source>Approved by {who}, {ago} ({at}), at r{revision}</source>
        <translation>{who} 批准，{ago}（{at}），第 {revision} 版</translation>
    </message>
    <message>
        <source>Rejected by {who}, {ago} ({at}), at r{revision}</source>
        <translation>{who} 驳回，{ago}（{at}），第 {revision} 版</translation>
    </message>
    <message>
        <source>Put in work again by {who}, {ago} ({at}), at r{revision}</source>
        <translation>{who} 退回处理，{ago}（{at}），第 {revision} 版</translation>
    </message>
    <message>
        <source>1 answer</source>
        <translation>1 条回复</translation>
    </message>
    <message>
        <source>{n} answers</source>
        <translation>{n} 条回复</translation>
    </message>
    <message>
        <source>Rejected by {who}, {ago}: {reason}</source>
        <translation>{who} 驳回，{ago}：{reason}</translation>
    </message>
    <message>
        <source>{image} will be {status} once the changes that wait are saved, unless it is painted on before.</source>
        <translation>等待中的更改保存后，{image} 将变为“{status}”，除非在此之前又在上面绘制。</translation>
    </message>
    <message>
        <source>new</source>
        <translation>新</translation>
    </message>
    <message>
        <source>pre-labelled</source>
        <translation>已预标注</translation>
    </message>
    <message>
        <source>in work</source>
        <translation>处理中</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>approved</source>
        <translation>已批准</translation>
    </message>
    <message>
        <source>rejected</source>
        <translation>已驳回</translation>
    </message>
    <message>
        <source>somebody</source>
        <translation>某人</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>刚刚</translation>
    </message>
    <message>
        <source>{n} min ago</source>
        <translation>{n} 分钟前</translation>
    </message>
    <message>
        <source>{n} h ago</source>
        <translation>{n} 小时前</translation>
    </message>
    <message>
        <source>yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>{n} days ago</source>
        <translation>{n} 天前</translation>
    </message>
</context>
<context>
    <name>PlanView</name>
    <message>
        <source>What will be written</source>
        <translation>将写入的内容</translation>
    </message>
    <message>
        <source>Working out what will be written…</source>
        <translation>正在计算将写入的内容…</translation>
    </message>
    <message>
        <source>Nothing can be exported like this.</source>
        <translation>这样无法导出任何内容。</translation>
    </message>
    <message>
        <source>Images: {images}   Objects: {objects}   At most {size}</source>
        <translation>图像：{images}   对象：{objects}   至多 {size}</translation>
    </message>
    <message>
        <source>Everything is read back from the disk and compared pixel by pixel.</source>
        <translation>全部从磁盘回读并逐像素比较。</translation>
    </message>
    <message>
        <source>… and {n} more</source>
        <translation>… 另有 {n} 项</translation>
    </message>
    <message>
        <source>{n} images left out: {reason}</source>
        <translation>略过 {n} 张图像：{reason}</translation>
    </message>
    <message>
        <source>nobody has labelled them yet</source>
        <translation>尚无人标注</translation>
    </message>
</context>
<context>
    <name>Prelabelling</name>
    <message>
        <source>Pre-labelling</source>
        <translation>预标注</translation>
    </message>
    <message>
        <source>{n} images pre-labelled in {s} s</source>
        <translation>{s} 秒预标注 {n} 张图像</translation>
    </message>
    <message>
        <source>1 image pre-labelled in {s} s</source>
        <translation>{s} 秒预标注 1 张图像</translation>
    </message>
    <message>
        <source>{n} left out</source>
        <translation>略过 {n} 张</translation>
    </message>
</context>
<context>
    <name>Preparing</name>
    <message>
        <source>Preparing overview of {name}</source>
        <translation>正在准备 {name} 的概览</translation>
    </message>
    <message>
        <source>The overview of {name} is not finished: seen from afar, parts of the image stay coarse or empty. Choose it again in the list of images to go on.</source>
        <translation>{name} 的概览未完成：缩小查看时部分图像粗糙或空白。在图像列表中再次选择它即可继续。</translation>
    </message>
</context>
<context>
    <name>ProblemDialog</name>
    <message>
        <source>Report of a problem</source>
        <translation>问题报告</translation>
    </message>
    <message>
        <source>Read it before you hand it on: it goes nowhere by itself. There are no images in it. What you would rather not tell can be deleted here.</source>
        <translation>转交前请先阅读：它不会自动发送到任何地方，其中没有图像。不想透露的内容可以在这里删除。</translation>
    </message>
    <message>
        <source>The report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Leave out the names of files and folders</source>
        <translation>隐去文件和文件夹的名称</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>Texts</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>The report was not saved</source>
        <translation>报告未能保存</translation>
    </message>
</context>
<context>
    <name>Projects</name>
    <message>
        <source>Opened for reading only: {reason}</source>
        <translation>以只读方式打开：{reason}</translation>
    </message>
    <message>
        <source>Ask whoever owns the folder for permission to read it</source>
        <translation>请向文件夹所有者申请读取权限</translation>
    </message>
    <message>
        <source>Opened to view: it is being edited by {who}.</source>
        <translation>以查看方式打开：{who} 正在编辑。</translation>
    </message>
    <message>
        <source>The disk is full: free some space. Until then the project can only be looked at.</source>
        <translation>磁盘已满：请释放一些空间。在此之前只能查看该项目。</translation>
    </message>
    <message>
        <source>The disk is full. The last changes are saved, in the room that was kept for that: free some space now.</source>
        <translation>磁盘已满。最后的更改已保存在预留空间中：请立即释放一些空间。</translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation>打开项目</translation>
    </message>
    <message>
        <source>Making the sample project</source>
        <translation>正在创建示例项目</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Add images</source>
        <translation>添加图像</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>所有文件</translation>
    </message>
    <message>
        <source>Add a folder of images</source>
        <translation>添加图像文件夹</translation>
    </message>
    <message>
        <source>Adding images</source>
        <translation>正在添加图像</translation>
    </message>
    <message>
        <source>Images added: {n}</source>
        <translation>已添加图像：{n}</translation>
    </message>
    <message>
        <source>In the project already: {n}</source>
        <translation>项目中已有：{n}</translation>
    </message>
    <message>
        <source>{names}: one name on some systems (Windows, macOS); exports number them</source>
        <translation>{names}：在某些系统（Windows、macOS）上会被视为同一个名称；导出时会加上编号</translation>
    </message>
    <message>
        <source>… and others left out: {n}</source>
        <translation>… 另略过：{n}</translation>
    </message>
    <message>
        <source>labels cannot come in while a model writes some</source>
        <translation>模型正在写入标注，暂不能导入标注</translation>
    </message>
    <message>
        <source>Wait for the work in the status bar, or cancel it first</source>
        <translation>请等待状态栏中的任务结束，或先取消</translation>
    </message>
    <message>
        <source>Images that stay in the split that they have: {n}</source>
        <translation>留在原有划分中的图像：{n}</translation>
    </message>
    <message>
        <source>Keeping the splits</source>
        <translation>正在保存划分</translation>
    </message>
</context>
<context>
    <name>ProtectionControls</name>
    <message>
        <source>Undo would change {name}, which is locked. Unlock it in the classes, then undo again.</source>
        <translation>撤销会改变已锁定的 {name}。请在“类别”中解锁后再撤销。</translation>
    </message>
    <message>
        <source>Redo would change {name}, which is locked. Unlock it in the classes, then redo again.</source>
        <translation>重做会改变已锁定的 {name}。请在“类别”中解锁后再重做。</translation>
    </message>
    <message>
        <source>{name} is locked: nothing was painted. Unlock it in the classes first.</source>
        <translation>{name} 已锁定：未涂画。请先在“类别”中解锁。</translation>
    </message>
</context>
<context>
    <name>Queue</name>
    <message>
        <source>not in the project</source>
        <translation>不在项目中</translation>
    </message>
    <message>
        <source>open</source>
        <translation>待处理</translation>
    </message>
    <message>
        <source>in work</source>
        <translation>处理中</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>gone</source>
        <translation>已移除</translation>
    </message>
    <message>
        <source>region {width} × {height} at {x}, {y}</source>
        <translation>区域 {width} × {height}，位于 {x}, {y}</translation>
    </message>
    <message>
        <source>{done} of {count} done</source>
        <translation>完成 {done}/{count}</translation>
    </message>
    <message>
        <source>about {time} left</source>
        <translation>约剩 {time}</translation>
    </message>
    <message>
        <source>Times are a rule of thumb until work on images has been measured</source>
        <translation>在测得图像工作用时之前，时间为经验估计</translation>
    </message>
    <message>
        <source>Times are learnt from work on 1 image</source>
        <translation>时间根据 1 幅图像的工作估计</translation>
    </message>
    <message>
        <source>Times are learnt from work on {n} images</source>
        <translation>时间据 {n} 张图像的工作用时估计</translation>
    </message>
    <message>
        <source>no model</source>
        <translation>无模型</translation>
    </message>
    <message>
        <source>Random control: part of every queue is drawn, not ranked</source>
        <translation>随机对照：每个队列都有一部分为随机抽取，不参与排序</translation>
    </message>
    <message>
        <source>About {time} to label</source>
        <translation>标注约需 {time}</translation>
    </message>
    <message>
        <source>Skipped: {n}</source>
        <translation>跳过：{n}</translation>
    </message>
    <message>
        <source>Skipped:</source>
        <translation>跳过：</translation>
    </message>
    <message>
        <source>Near-doubles left out: {n}</source>
        <translation>略过近似重复：{n}</translation>
    </message>
    <message>
        <source>Left out, because they are nearly the same as another image:</source>
        <translation>因与另一图像几乎相同而略过：</translation>
    </message>
    <message>
        <source>  {image} as {of}</source>
        <translation>  {image} 同 {of}</translation>
    </message>
    <message>
        <source>  … and {n} others</source>
        <translation>  … 另有 {n} 张</translation>
    </message>
</context>
<context>
    <name>QueueList</name>
    <message>
        <source>Suggestions</source>
        <translation>推荐</translation>
    </message>
</context>
<context>
    <name>QueuePanel</name>
    <message>
        <source>Rank again</source>
        <translation>重新排列</translation>
    </message>
    <message>
        <source>Go on when approved</source>
        <translation>批准后继续</translation>
    </message>
    <message>
        <source>When the suggestion at hand is approved or done, the next one opens</source>
        <translation>当前推荐被批准或完成后，打开下一条</translation>
    </message>
    <message>
        <source>Rank what to label next…</source>
        <translation>排列标注顺序…</translation>
    </message>
</context>
<context>
    <name>QueuePart</name>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Nothing is left to do here.</source>
        <translation>此处已无待办。</translation>
    </message>
    <message>
        <source>Ranked by {old}; {new} pre-labels now.</source>
        <translation>按 {old} 排序；现由 {new} 预标注。</translation>
    </message>
    <message>
        <source>Ranked without a model; {new} pre-labels now.</source>
        <translation>未用模型排序；现由 {new} 预标注。</translation>
    </message>
    <message>
        <source>Ranked by another version of {new}.</source>
        <translation>由 {new} 的另一版本排序。</translation>
    </message>
    <message>
        <source>No images yet. File, Add images… or drop files here.</source>
        <translation>尚无图像。用“文件”菜单的“添加图像…”，或将文件拖放到此处。</translation>
    </message>
    <message>
        <source>Which images to label next, and why, is not ranked yet.</source>
        <translation>尚未排列接下来标注哪些图像及其原因。</translation>
    </message>
    <message>
        <source>The queue of this project cannot be read.</source>
        <translation>无法读取本项目的队列。</translation>
    </message>
    <message>
        <source>There was nothing to suggest.</source>
        <translation>没有可推荐的图像。</translation>
    </message>
    <message>
        <source>The project is open for reading only, so nothing can be ranked.</source>
        <translation>项目以只读方式打开，无法排列。</translation>
    </message>
    <message>
        <source>This is the last suggestion that is not done</source>
        <translation>这是最后一条未完成的推荐</translation>
    </message>
    <message>
        <source>All suggestions are done; rank again for others</source>
        <translation>全部推荐已完成；重新排列可得更多</translation>
    </message>
    <message>
        <source>The image is not in the project any more</source>
        <translation>该图像已不在项目中</translation>
    </message>
    <message>
        <source>Suggestion {n} of {count}: {why}</source>
        <translation>推荐 {n}/{count}：{why}</translation>
    </message>
    <message>
        <source>{percent} % of {name} is unlabelled, and it is settled now</source>
        <translation>{name} 有 {percent} % 未标注，现已定论</translation>
    </message>
    <message>
        <source>Suggestions: {n}</source>
        <translation>推荐：{n}</translation>
    </message>
    <message>
        <source>Ranking</source>
        <translation>排序</translation>
    </message>
</context>
<context>
    <name>RankDialog</name>
    <message>
        <source>Rank what to label next</source>
        <translation>排列标注顺序</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>策略</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>排列</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Typical images until ten are labelled, then class by class.
Now {title}: {help}.</source>
        <translation>满十张已标注图像之前用典型图像，之后逐类。
现为{title}：{help}。</translation>
    </message>
    <message>
        <source>This strategy needs a model that knows the classes of the project, and there is none. Choose Typical images or Random, or train a model first.</source>
        <translation>此策略需要认识本项目类别的模型，而现在没有。请选择典型图像或随机，或先训练模型。</translation>
    </message>
    <message>
        <source>The project is open for reading only.</source>
        <translation>项目以只读方式打开。</translation>
    </message>
    <message>
        <source>This strategy cannot be loaded; `labeltool doctor` says why.</source>
        <translation>无法载入此策略；原因见 `labeltool doctor`。</translation>
    </message>
    <message>
        <source>There is no image to suggest: all are labelled, begun with or in the split test. Add others.</source>
        <translation>没有可推荐的图像：均已标注、已开始或属于测试集。请添加图像。</translation>
    </message>
    <message>
        <source>Images to choose from: {count}.</source>
        <translation>可选图像：{count}。</translation>
    </message>
    <message>
        <source>This strategy suggests whole images only.</source>
        <translation>此策略只推荐整张图像。</translation>
    </message>
    <message>
        <source>The model {name} runs over those that it has not been over.</source>
        <translation>模型 {name} 将处理其中尚未处理的图像。</translation>
    </message>
    <message>
        <source>A tenth is drawn at random, to see whether ranking helps.</source>
        <translation>十分之一随机抽取，以检验排序是否有益。</translation>
    </message>
</context>
<context>
    <name>ReferencesDialog</name>
    <message>
        <source>Other annotators&apos; layers</source>
        <translation>其他标注员的图层</translation>
    </message>
    <message>
        <source>Keep as a layer</source>
        <translation>另存为图层</translation>
    </message>
    <message>
        <source>Layers of this image</source>
        <translation>此图像的图层</translation>
    </message>
    <message>
        <source>Of</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Beside the annotation there are:</source>
        <translation>标注之外另有：</translation>
    </message>
    <message>
        <source>Nothing by other annotators is kept beside this image&apos;s annotation yet.</source>
        <translation>此图像的标注之外尚无其他标注员的内容。</translation>
    </message>
    <message>
        <source>kept by {who}, {ago}</source>
        <translation>{who} 保存，{ago}</translation>
    </message>
    <message>
        <source>Remove the layer {name}; it cannot be brought back</source>
        <translation>移除图层 {name}；无法恢复</translation>
    </message>
    <message>
        <source>Remove the layer {name}</source>
        <translation>移除图层 {name}</translation>
    </message>
    <message>
        <source>Click again to remove {name} for good.</source>
        <translation>再次点击将永久移除 {name}。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>who labelled it</source>
        <translation>标注者</translation>
    </message>
    <message>
        <source>Begin afresh: the annotation is emptied, for somebody to label it blind</source>
        <translation>重新开始：清空标注，供他人盲标</translation>
    </message>
    <message>
        <source>One step that undo takes back</source>
        <translation>一步，可撤销</translation>
    </message>
    <message>
        <source>The annotation stays as it is</source>
        <translation>标注保持不变</translation>
    </message>
    <message>
        <source>Take the place of a layer of the same name</source>
        <translation>替换同名图层</translation>
    </message>
    <message>
        <source>Keep it as</source>
        <translation>保存为</translation>
    </message>
    <message>
        <source>This image has a layer called {name} already.</source>
        <translation>此图像已有名为 {name} 的图层。</translation>
    </message>
    <message>
        <source>The project can only be read: {why}.</source>
        <translation>项目只能读取：{why}。</translation>
    </message>
    <message>
        <source>Review then holds the annotation against it, and Agreement says how far the two agree.</source>
        <translation>之后“审核”将标注与它对照，“一致性”给出两者的一致程度。</translation>
    </message>
    <message>
        <source>Keeping {name}…</source>
        <translation>正在保存 {name}…</translation>
    </message>
    <message>
        <source>Layers kept: {n}</source>
        <translation>已保存图层：{n}</translation>
    </message>
    <message>
        <source>Nothing was kept</source>
        <translation>未保存任何内容</translation>
    </message>
</context>
<context>
    <name>RegionActions</name>
    <message>
        <source>All of {name}</source>
        <translation>{name} 的全部</translation>
    </message>
    <message>
        <source>The region under the pointer</source>
        <translation>指针下的区域</translation>
    </message>
    <message>
        <source>To treat one region, point at it and press the key.</source>
        <translation>要处理单个区域，请指向它并按键。</translation>
    </message>
    <message>
        <source>object {n}</source>
        <translation>对象 {n}</translation>
    </message>
    <message>
        <source>Point at a region first</source>
        <translation>请先指向一个区域</translation>
    </message>
    <message>
        <source>Taking the model&apos;s answer</source>
        <translation>正在采用模型结果</translation>
    </message>
    <message>
        <source>There is no previous image in the list</source>
        <translation>列表中没有上一张图像</translation>
    </message>
    <message>
        <source>Copying the mask</source>
        <translation>正在复制掩膜</translation>
    </message>
    <message>
        <source>Finish what is being drawn first</source>
        <translation>请先完成正在绘制的内容</translation>
    </message>
    <message>
        <source>Nothing to change</source>
        <translation>无可更改</translation>
    </message>
</context>
<context>
    <name>RegionDialog</name>
    <message>
        <source>What</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Also over other classes</source>
        <translation>也覆盖其他类别</translation>
    </message>
    <message>
        <source>OK</source>
        <translation>确定</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>any size</source>
        <translation>任意大小</translation>
    </message>
</context>
<context>
    <name>RejectDialog</name>
    <message>
        <source>Reject {name}</source>
        <translation>驳回 {name}</translation>
    </message>
    <message>
        <source>What is to be changed? Whoever opens the image again reads this.</source>
        <translation>需要修改什么？再次打开此图像的人会看到。</translation>
    </message>
    <message>
        <source>The reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>驳回</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Earlier reasons</source>
        <translation>以往的原因</translation>
    </message>
</context>
<context>
    <name>RemoveDialog</name>
    <message>
        <source>Remove images</source>
        <translation>移除图像</translation>
    </message>
    <message>
        <source>Take 1 image out of the project?</source>
        <translation>将 1 张图像移出项目？</translation>
    </message>
    <message>
        <source>Take {n} images out of the project?</source>
        <translation>将 {n} 张图像移出项目？</translation>
    </message>
    <message>
        <source>The image files stay where they are. Labels, comments and history are kept in the project&apos;s trash for at least {days} days: Image, Removed images… brings them back.</source>
        <translation>图像文件保持原位。标注、评论和历史在项目回收站中至少保留 {days} 天：可由“图像 › 已移除的图像…”恢复。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>RemovedDialog</name>
    <message>
        <source>Removed images</source>
        <translation>已移除的图像</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>移除时间</translation>
    </message>
    <message>
        <source>By</source>
        <translation>操作者</translation>
    </message>
    <message>
        <source>Bring back</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>永久删除</translation>
    </message>
    <message>
        <source>Labels stay here for {n} days; after that they can be deleted for good.</source>
        <translation>标注在此保留 {n} 天，之后可永久删除。</translation>
    </message>
    <message>
        <source>There is no removed image.</source>
        <translation>没有已移除的图像。</translation>
    </message>
    <message>
        <source>Not listed, for what is known of them is damaged: {n}.</source>
        <translation>因其记录已损坏而未列出：{n}。</translation>
    </message>
    <message>
        <source>In the project again, with their labels: {n}.</source>
        <translation>已连同标注放回项目：{n}。</translation>
    </message>
    <message>
        <source>Bringing images back</source>
        <translation>正在恢复图像</translation>
    </message>
    <message>
        <source>Deleted for good: {n}.</source>
        <translation>已永久删除：{n}。</translation>
    </message>
    <message>
        <source>Deleting labels</source>
        <translation>正在删除标注</translation>
    </message>
    <message>
        <source>Really delete the labels of {n} images</source>
        <translation>确定删除 {n} 张图像的标注</translation>
    </message>
</context>
<context>
    <name>Removing</name>
    <message>
        <source>images cannot be removed while other work goes on</source>
        <translation>其他任务进行时无法移除图像</translation>
    </message>
    <message>
        <source>Wait for the work in the status bar, or cancel it first</source>
        <translation>请等待状态栏中的任务结束，或先取消</translation>
    </message>
    <message>
        <source>Images removed: {n}. Image, Removed images… brings them back.</source>
        <translation>已移除图像：{n}。可由“图像 › 已移除的图像…”恢复。</translation>
    </message>
    <message>
        <source>Removing images</source>
        <translation>正在移除图像</translation>
    </message>
    <message>
        <source>{n} images stay where they are</source>
        <translation>{n} 张图像保持原位</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>另有 {n} 张</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Agreement and gold</source>
        <translation>一致性与金标准</translation>
    </message>
    <message>
        <source>Together</source>
        <translation>汇总</translation>
    </message>
    <message>
        <source>Image by image</source>
        <translation>逐图</translation>
    </message>
    <message>
        <source>Each annotator&apos;s newest word on each image</source>
        <translation>每位标注员对每张图像的最新结果</translation>
    </message>
    <message>
        <source>Over time, image by image</source>
        <translation>随时间逐图</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>一致性</translation>
    </message>
    <message>
        <source>Hidden gold</source>
        <translation>隐藏金标准</translation>
    </message>
    <message>
        <source>What is worth knowing</source>
        <translation>须知</translation>
    </message>
    <message>
        <source>Work out again</source>
        <translation>重新计算</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Comparing…</source>
        <translation>正在比较…</translation>
    </message>
    <message>
        <source>No image has labels of two annotators.

Image, Other annotators&apos; layers… keeps an annotation aside, so that somebody else can begin afresh.
Or import another person&apos;s labels: labeltool import PROJECT LABELS --as NAME</source>
        <translation>没有图像具有两位标注员的标注。

“图像”菜单的“其他标注员的图层…”可将标注另存，以便他人重新标注。
或导入他人的标注：labeltool import PROJECT LABELS --as NAME</translation>
    </message>
    <message>
        <source>Gold images that nobody has called done or approved yet: {n}.</source>
        <translation>尚无人标为完成或批准的金标准图像：{n}。</translation>
    </message>
    <message>
        <source>A click on a row opens its image; a click on a heading sorts.</source>
        <translation>点击一行打开其图像；点击表头排序。</translation>
    </message>
    <message>
        <source>There are no hidden gold images.

Mark images that are labelled well in the panel Images and press the right mouse button, Hidden gold…
Or on the command line: labeltool gold PROJECT add IMAGES</source>
        <translation>没有隐藏金标准图像。

在“图像”面板中选中标注良好的图像，按鼠标右键并选择“隐藏金标准…”
或用命令行：labeltool gold PROJECT add IMAGES</translation>
    </message>
    <message>
        <source>Stopped. Work out again begins anew.</source>
        <translation>已停止。“重新计算”将从头开始。</translation>
    </message>
    <message>
        <source>Export to CSV</source>
        <translation>导出为 CSV</translation>
    </message>
    <message>
        <source>The table could not be written</source>
        <translation>无法写入表格</translation>
    </message>
    <message>
        <source>Written: {file}.</source>
        <translation>已写入：{file}。</translation>
    </message>
</context>
<context>
    <name>Restoring</name>
    <message>
        <source>Damaged labels</source>
        <translation>标注已损坏</translation>
    </message>
    <message>
        <source>The labels of {name} are damaged.</source>
        <translation>{name} 的标注已损坏。</translation>
    </message>
    <message>
        <source>File: {file}</source>
        <translation>文件：{file}</translation>
    </message>
    <message>
        <source>What is replaced is kept in the project&apos;s folder “quarantine”.</source>
        <translation>被替换的内容保留在项目的“quarantine”文件夹中。</translation>
    </message>
    <message>
        <source>There is no backup of it, and nothing brings its labels back. Other images can be worked on. To begin afresh is to lose all labels, comments and decisions of this image; the damaged file is kept in the project&apos;s folder “quarantine”.</source>
        <translation>没有它的备份，也无法用任何方式恢复其标注。可以继续处理其他图像。重新开始意味着失去此图像的全部标注、评论和决定；损坏的文件保留在项目的“quarantine”文件夹中。</translation>
    </message>
    <message>
        <source>Begin afresh</source>
        <translation>重新开始</translation>
    </message>
    <message>
        <source>Leave it as it is</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>Restore r{revision} of {when}</source>
        <translation>恢复 {when} 的 r{revision}</translation>
    </message>
    <message>
        <source>Go on without the damaged tiles</source>
        <translation>舍弃损坏的图块并继续</translation>
    </message>
    <message>
        <source>Restore the labels</source>
        <translation>恢复标注</translation>
    </message>
    <message>
        <source>The newest whole backup is r{revision} of {when}. Steps after it that would be lost: {n}.</source>
        <translation>最新的完整备份是 {when} 的 r{revision}。其后将丢失的步骤：{n}。</translation>
    </message>
    <message>
        <source>Nothing brings back the tiles of 256 pixels at {places}. Without them, their pixels become unlabelled, as a step of the history; all other labels stay.</source>
        <translation>位于 {places} 的 256 像素图块无法恢复。舍弃后，这些像素将变为未标注，并作为历史中的一步；其他标注保持不变。</translation>
    </message>
    <message>
        <source>All of them can be restored from what the file itself or a backup still holds.</source>
        <translation>可以从文件本身或备份中全部恢复。</translation>
    </message>
    <message>
        <source>Restored: {name}</source>
        <translation>已恢复：{name}</translation>
    </message>
    <message>
        <source>Begun afresh: {name}</source>
        <translation>已重新开始：{name}</translation>
    </message>
    <message>
        <source>Restoring labels</source>
        <translation>正在恢复标注</translation>
    </message>
</context>
<context>
    <name>Review</name>
    <message>
        <source>Disagreements</source>
        <translation>分歧</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Waiting until other work is done</source>
        <translation>等待其他任务完成</translation>
    </message>
    <message>
        <source>Comparing…</source>
        <translation>正在比较…</translation>
    </message>
    <message>
        <source>Comparing</source>
        <translation>正在比较</translation>
    </message>
    <message>
        <source>{name}&apos;s reference</source>
        <translation>{name} 的参照</translation>
    </message>
    <message>
        <source>Label errors (out-of-fold)</source>
        <translation>标注错误（折外）</translation>
    </message>
    <message>
        <source>1 image</source>
        <translation>1 幅图像</translation>
    </message>
    <message>
        <source>{n} images</source>
        <translation>{n} 幅图像</translation>
    </message>
    <message>
        <source>1 disagreement</source>
        <translation>1 处分歧</translation>
    </message>
    <message>
        <source>{n} disagreements</source>
        <translation>{n} 处分歧</translation>
    </message>
    <message>
        <source>{name}: the approval is stale, for its pixels are others now</source>
        <translation>{name}：其像素已改变，批准已失效</translation>
    </message>
    <message>
        <source>Nothing is kept beside the annotation yet.
Pre-label images (Ctrl+Shift+P), import another annotator&apos;s masks as a reference, or have models look for errors of the labels (Find label errors, in the box above).</source>
        <translation>标注之外尚无可对照的内容。
请预标注图像（Ctrl+Shift+P）、导入其他标注员的掩膜作为参照，或让模型查找标注错误（上方框中的“查找标注错误”）。</translation>
    </message>
    <message>
        <source>Nothing differs that is to be listed here.</source>
        <translation>没有需要列出的差异。</translation>
    </message>
    <message>
        <source>{n} of {count}</source>
        <translation>{n}/{count}</translation>
    </message>
    <message>
        <source>Nothing is left to be looked at</source>
        <translation>已无待查看的内容</translation>
    </message>
    <message>
        <source>Paint what is right; N goes on</source>
        <translation>请涂画正确结果；按 N 继续</translation>
    </message>
    <message>
        <source>These pixels have changed since the list was made; it is brought up to date</source>
        <translation>列表生成后这些像素已改变；正在更新列表</translation>
    </message>
    <message>
        <source>{truth} missed</source>
        <translation>漏标 {truth}</translation>
    </message>
    <message>
        <source>false {predicted}</source>
        <translation>误标 {predicted}</translation>
    </message>
    <message>
        <source>{truth} as {predicted}</source>
        <translation>{truth} 误为 {predicted}</translation>
    </message>
    <message>
        <source>A model that has never seen this image takes this for {predicted}, {sure} % sure (usual in this image: {usual} %). {interior} px lie off the outlines.</source>
        <translation>从未见过此图像的模型认为此处是 {predicted}，置信度 {sure} %（此图像中通常为 {usual} %）。{interior} px 不在轮廓附近。</translation>
    </message>
    <message>
        <source>It is the only such place of the image.</source>
        <translation>这是此图像中唯一一处。</translation>
    </message>
    <message>
        <source>The image has {n} such places.</source>
        <translation>此图像中有 {n} 处。</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>The filters above hide 1 disagreement.</source>
        <translation>上方的筛选隐藏了 1 处分歧。</translation>
    </message>
    <message>
        <source>The filters above hide {n} disagreements.</source>
        <translation>上方的筛选隐藏了 {n} 处分歧。</translation>
    </message>
    <message>
        <source>1 thin rim is hidden: untick No thin rims.</source>
        <translation>隐藏了 1 处细边：取消勾选“略过细边”。</translation>
    </message>
    <message>
        <source>{n} thin rims are hidden: untick No thin rims.</source>
        <translation>隐藏了 {n} 处细边：取消勾选“略过细边”。</translation>
    </message>
    <message>
        <source>1 that is answered is hidden: tick Answered too.</source>
        <translation>隐藏了 1 处已答复：勾选“含已答复”。</translation>
    </message>
    <message>
        <source>{n} that are answered are hidden: tick Answered too.</source>
        <translation>隐藏了 {n} 处已答复：勾选“含已答复”。</translation>
    </message>
    <message>
        <source>1 lies in another split: choose All images.</source>
        <translation>1 处在其他划分中：选择“全部图像”。</translation>
    </message>
    <message>
        <source>{n} lie in other splits: choose All images.</source>
        <translation>{n} 处在其他划分中：选择“全部图像”。</translation>
    </message>
</context>
<context>
    <name>ReviewPanel</name>
    <message>
        <source>Held against</source>
        <translation>对照</translation>
    </message>
    <message>
        <source>Compared with an earlier version</source>
        <translation>与较早版本比较</translation>
    </message>
    <message>
        <source>Draws what became right (blue), became wrong (red) and stays wrong (grey)</source>
        <translation>绘出变对（蓝）、变错（红）和仍错（灰）之处</translation>
    </message>
    <message>
        <source>Which</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>All errors</source>
        <translation>全部错误</translation>
    </message>
    <message>
        <source>Missed</source>
        <translation>漏标</translation>
    </message>
    <message>
        <source>False</source>
        <translation>误标</translation>
    </message>
    <message>
        <source>Confused</source>
        <translation>混淆</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Large and sure first, rims left out</source>
        <translation>大而确定在前，略过细边</translation>
    </message>
    <message>
        <source>Large and sure first</source>
        <translation>大而确定在前</translation>
    </message>
    <message>
        <source>Large first</source>
        <translation>大的在前</translation>
    </message>
    <message>
        <source>Sure first</source>
        <translation>确定的在前</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>No thin rims</source>
        <translation>略过细边</translation>
    </message>
    <message>
        <source>Leave out what lies within 2 px of an outline only</source>
        <translation>略去仅在轮廓 2 px 以内的部分</translation>
    </message>
    <message>
        <source>Answered too</source>
        <translation>含已答复</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>较早版本</translation>
    </message>
    <message>
        <source>Layer is right  (Enter)</source>
        <translation>对照图层正确  (Enter)</translation>
    </message>
    <message>
        <source>Annotation is right</source>
        <translation>标注正确</translation>
    </message>
    <message>
        <source>Both are wrong</source>
        <translation>两者都错</translation>
    </message>
    <message>
        <source>Ignore</source>
        <translation>忽略</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>上一处</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>nothing yet</source>
        <translation>尚无</translation>
    </message>
    <message>
        <source>Find label errors…</source>
        <translation>查找标注错误…</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Likeliest label error first</source>
        <translation>最可能的标注错误在前</translation>
    </message>
    <message>
        <source>All images</source>
        <translation>全部图像</translation>
    </message>
</context>
<context>
    <name>RoundDetails</name>
    <message>
        <source>Classes before and after the round</source>
        <translation>该轮前后的类别</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>The curves of its training</source>
        <translation>其训练曲线</translation>
    </message>
    <message>
        <source>The model that came of it</source>
        <translation>由此产生的模型</translation>
    </message>
    <message>
        <source>The new model and the one it was held against, image by image</source>
        <translation>新模型与对照模型逐图比较</translation>
    </message>
    <message>
        <source>Round {n}: {outcome}</source>
        <translation>第 {n} 轮：{outcome}</translation>
    </message>
    <message>
        <source>Took 1 image</source>
        <translation>使用了 1 幅图像</translation>
    </message>
    <message>
        <source>Took {n} images</source>
        <translation>使用了 {n} 幅图像</translation>
    </message>
    <message>
        <source>Took {count} images: learnt from {learn}, chose on {choose}</source>
        <translation>使用了 {count} 幅图像：{learn} 幅用于学习，{choose} 幅用于选择</translation>
    </message>
    <message>
        <source>{n} approved</source>
        <translation>已批准 {n} 张</translation>
    </message>
    <message>
        <source>people worked {time}, {clicks} clicks, {strokes} strokes</source>
        <translation>人工 {time}，{clicks} 次点击，{strokes} 笔</translation>
    </message>
    <message>
        <source>IoU of a class</source>
        <translation>类别的 IoU</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>New</source>
        <translation>之后</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>变化</translation>
    </message>
    <message>
        <source>95 % interval</source>
        <translation>95 % 区间</translation>
    </message>
    <message>
        <source>95 % interval: {text}</source>
        <translation>95 % 区间：{text}</translation>
    </message>
</context>
<context>
    <name>RoundSettings</name>
    <message>
        <source>Settings of rounds</source>
        <translation>轮次设置</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>A round trains as the model in use was trained. Its model is held against that one on the test images.</source>
        <translation>一轮按使用中模型的方式训练，所得模型在测试图像上与其对照。</translation>
    </message>
</context>
<context>
    <name>Rounds</name>
    <message>
        <source>promoted</source>
        <translation>已启用</translation>
    </message>
    <message>
        <source>refused</source>
        <translation>未采用</translation>
    </message>
    <message>
        <source>undecided</source>
        <translation>未定</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Looking at the test images</source>
        <translation>正在检查测试图像</translation>
    </message>
    <message>
        <source>Writing labels</source>
        <translation>正在写入标注</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Comparing on the test images</source>
        <translation>正在测试图像上比较</translation>
    </message>
    <message>
        <source>Round {n} came to no decision: {why}.</source>
        <translation>第 {n} 轮未得出结论：{why}。</translation>
    </message>
    <message>
        <source>Round {n}: promoted, mIoU {after} on the test images.</source>
        <translation>第 {n} 轮：已启用，测试图像 mIoU {after}。</translation>
    </message>
    <message>
        <source>Round {n}: promoted, mIoU {before} → {after} on the test images.</source>
        <translation>第 {n} 轮：已启用，测试图像 mIoU {before} → {after}。</translation>
    </message>
    <message>
        <source>Round {n}: refused. {why}. The model in use stays.</source>
        <translation>第 {n} 轮：未采用。{why}。仍用原模型。</translation>
    </message>
    <message>
        <source>{name} is worse by {by}, in too few images to call it chance</source>
        <translation>{name} 下降 {by}，图像太少，不足以断定并非偶然</translation>
    </message>
    <message>
        <source>{name} is worse by {by} (with {percent} % certainty by {low} to {high})</source>
        <translation>{name} 下降 {by}（{percent} % 区间 {low} 至 {high}）</translation>
    </message>
    <message>
        <source>The project was opened for reading only.</source>
        <translation>项目以只读方式打开。</translation>
    </message>
    <message>
        <source>A round is running. A training can begin when it has ended.</source>
        <translation>正在进行一轮。结束后才能开始训练。</translation>
    </message>
    <message>
        <source>A training is running. The next one can begin when it has ended.</source>
        <translation>正在训练。结束后才能开始下一次。</translation>
    </message>
    <message>
        <source>the project is open for reading only</source>
        <translation>项目以只读方式打开</translation>
    </message>
    <message>
        <source>a round is running</source>
        <translation>有一轮正在进行</translation>
    </message>
    <message>
        <source>label errors are being looked for</source>
        <translation>正在查找标注错误</translation>
    </message>
    <message>
        <source>a training is running</source>
        <translation>有训练正在进行</translation>
    </message>
    <message>
        <source>A round begins</source>
        <translation>一轮开始</translation>
    </message>
    <message>
        <source>The round learns from 1 image; you can go on working</source>
        <translation>本轮从 1 幅图像学习；您可以继续工作</translation>
    </message>
    <message>
        <source>The round learns from {n} images; you can go on working</source>
        <translation>该轮用 {n} 张图像学习；您可以继续工作</translation>
    </message>
    <message>
        <source>Round {n}: {outcome}</source>
        <translation>第 {n} 轮：{outcome}</translation>
    </message>
    <message>
        <source>The round was stopped; the model in use is as it was</source>
        <translation>该轮已停止；使用中的模型不变</translation>
    </message>
    <message>
        <source>A round could not be done. {why}</source>
        <translation>无法完成一轮。{why}</translation>
    </message>
    <message>
        <source>round failed</source>
        <translation>一轮失败</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Train · {percent} %</source>
        <translation>训练 · {percent} %</translation>
    </message>
    <message>
        <source>Train · finishing</source>
        <translation>训练 · 收尾</translation>
    </message>
    <message>
        <source>in use from then on: mIoU {score}</source>
        <translation>此后启用：mIoU {score}</translation>
    </message>
    <message>
        <source>not used: mIoU {score}</source>
        <translation>未采用：mIoU {score}</translation>
    </message>
    <message>
        <source>{images} images, {clicks} clicks, {minutes} minutes</source>
        <translation>{images} 张图像，{clicks} 次点击，{minutes} 分钟</translation>
    </message>
</context>
<context>
    <name>RunPage</name>
    <message>
        <source>Its model</source>
        <translation>其模型</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>经过</translation>
    </message>
    <message>
        <source>Reading images and labels…</source>
        <translation>正在读取图像和标注…</translation>
    </message>
    <message>
        <source>step {n}: {what}</source>
        <translation>第 {n} 步：{what}</translation>
    </message>
    <message>
        <source>The first pictures come with the first evaluation.</source>
        <translation>首次评估后显示图片。</translation>
    </message>
    <message>
        <source>Validation images: prediction filled, truth outlined</source>
        <translation>验证图像：填充为预测，轮廓为真值</translation>
    </message>
    <message>
        <source>step {n}</source>
        <translation>第 {n} 步</translation>
    </message>
</context>
<context>
    <name>SampleStrip</name>
    <message>
        <source>Sample predictions</source>
        <translation>预测样例</translation>
    </message>
</context>
<context>
    <name>Sharing</name>
    <message>
        <source>another process</source>
        <translation>另一个进程</translation>
    </message>
    <message>
        <source>{who} on {host} (process {pid}), since {when}</source>
        <translation>{host} 上的 {who}（进程 {pid}），自 {when} 起</translation>
    </message>
    <message>
        <source>Nobody edits the project any more.</source>
        <translation>已无人编辑该项目。</translation>
    </message>
    <message>
        <source>There is room on the disk again.</source>
        <translation>磁盘又有可用空间了。</translation>
    </message>
    <message>
        <source>Edit now</source>
        <translation>立即编辑</translation>
    </message>
    <message>
        <source>{name} was taken out of the project by whoever edits it.</source>
        <translation>{name} 已被正在编辑项目的人移出项目。</translation>
    </message>
    <message>
        <source>Nothing can be drawn here: the project is being edited by {who}.</source>
        <translation>此处无法绘制：{who} 正在编辑该项目。</translation>
    </message>
    <message>
        <source>Nothing can be changed here: the project is being edited by {who}.</source>
        <translation>此处无法更改：{who} 正在编辑该项目。</translation>
    </message>
    <message>
        <source>Nothing can be changed: the disk is full. Free some space first.</source>
        <translation>无法更改：磁盘已满。请先释放一些空间。</translation>
    </message>
    <message>
        <source>Nothing can be changed: the project is open for reading only ({reason}).</source>
        <translation>无法更改：项目以只读方式打开（{reason}）。</translation>
    </message>
    <message>
        <source>Edit here…</source>
        <translation>在此编辑…</translation>
    </message>
    <message>
        <source>Nothing can be drawn: the disk is full. Free some space first.</source>
        <translation>无法绘制：磁盘已满。请先释放一些空间。</translation>
    </message>
    <message>
        <source>Nothing can be drawn: the project is open for reading only ({reason}).</source>
        <translation>无法绘制：项目以只读方式打开（{reason}）。</translation>
    </message>
    <message>
        <source>The project cannot be reached: {reason}. What you draw is kept until it can.</source>
        <translation>无法访问项目：{reason}。您绘制的内容会保留到恢复为止。</translation>
    </message>
    <message>
        <source>The project was taken over by {who}. It can only be looked at here: close it, and open it again.</source>
        <translation>项目已被 {who} 接管，此处只能查看：请关闭后重新打开。</translation>
    </message>
</context>
<context>
    <name>Showing</name>
    <message>
        <source>No image yet.
File, Add images… or drop images and folders here.</source>
        <translation>尚无图像。
用“文件”菜单的“添加图像…”，或将图像和文件夹拖放到此处。</translation>
    </message>
    <message>
        <source>Take approval back</source>
        <translation>撤回批准</translation>
    </message>
    <message>
        <source>Approve</source>
        <translation>批准</translation>
    </message>
    <message>
        <source>Take back</source>
        <translation>撤回</translation>
    </message>
    <message>
        <source>Approved; {percent} % of it is unlabelled</source>
        <translation>已批准；其中 {percent} % 未标注</translation>
    </message>
    <message>
        <source>Undo {what}</source>
        <translation>撤销{what}</translation>
    </message>
    <message>
        <source>Redo {what}</source>
        <translation>重做{what}</translation>
    </message>
</context>
<context>
    <name>SkippedTable</name>
    <message>
        <source>Files that were left out</source>
        <translation>略过的文件</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Left out because</source>
        <translation>略过原因</translation>
    </message>
</context>
<context>
    <name>SourceDialog</name>
    <message>
        <source>The image file is another one now</source>
        <translation>图像文件已被替换</translation>
    </message>
    <message>
        <source>The image is missing</source>
        <translation>图像缺失</translation>
    </message>
    <message>
        <source>Keep both: the file that lies there now becomes an image of its own, and the labelled one stays missing until its own file is found.</source>
        <translation>两者都保留：现有文件成为独立图像，已标注的图像在找到原文件前仍为缺失。</translation>
    </message>
    <message>
        <source>An image is found again by what is in the file, whatever its name is now.</source>
        <translation>按文件内容查找，与名称无关。</translation>
    </message>
    <message>
        <source>Locate…</source>
        <translation>定位…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Search a folder…</source>
        <translation>搜索文件夹…</translation>
    </message>
    <message>
        <source>Keep both</source>
        <translation>两者都保留</translation>
    </message>
    <message>
        <source>It holds other bytes than when it was added. Its labels are safe in the project, and are not shown on a picture that they do not belong to.</source>
        <translation>内容与添加时不同。标注安全保存在项目中，不会显示在不相符的图像上。</translation>
    </message>
    <message>
        <source>It was moved, renamed or deleted, or its drive is not connected. Its labels are safe in the project.</source>
        <translation>已被移动、重命名或删除，或驱动器未连接。标注安全保存在项目中。</translation>
    </message>
    <message>
        <source>{reason}. Its labels are safe in the project.</source>
        <translation>{reason}。标注安全保存在项目中。</translation>
    </message>
</context>
<context>
    <name>Sources</name>
    <message>
        <source>Where is {name} now?</source>
        <translation>{name} 现在在哪里？</translation>
    </message>
    <message>
        <source>Reading the file</source>
        <translation>正在读取文件</translation>
    </message>
    <message>
        <source>Images added: {n}</source>
        <translation>已添加图像：{n}</translation>
    </message>
    <message>
        <source>Adding the new picture</source>
        <translation>正在添加新图像</translation>
    </message>
    <message>
        <source>Where to look for missing images</source>
        <translation>在何处查找缺失的图像</translation>
    </message>
    <message>
        <source>Looking for missing images</source>
        <translation>正在查找缺失的图像</translation>
    </message>
    <message>
        <source>No image is missing.</source>
        <translation>没有缺失的图像。</translation>
    </message>
    <message>
        <source>Images found again: {n}</source>
        <translation>已找回图像：{n}</translation>
    </message>
    <message>
        <source>Still missing: {n} ({names}). Their labels are safe in the project.</source>
        <translation>仍缺失：{n}（{names}）。标注安全保存在项目中。</translation>
    </message>
</context>
<context>
    <name>SplitDialog</name>
    <message>
        <source>Train, val and test</source>
        <translation>训练集、验证集和测试集</translation>
    </message>
    <message>
        <source>Draw by a seed</source>
        <translation>按种子随机抽取</translation>
    </message>
    <message>
        <source>By folders called train, val, test</source>
        <translation>按名为 train、val、test 的文件夹</translation>
    </message>
    <message>
        <source>What is worth knowing</source>
        <translation>须知</translation>
    </message>
    <message>
        <source>How</source>
        <translation>方式</translation>
    </message>
    <message>
        <source>By hand: mark images in the list and press the right mouse button.</source>
        <translation>手动：在列表中选中图像并按鼠标右键。</translation>
    </message>
    <message>
        <source>Keep these splits</source>
        <translation>保存此划分</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>1 image would have another split than now.</source>
        <translation>1 幅图像的划分将与现在不同。</translation>
    </message>
    <message>
        <source>{n} images would have another split than now.</source>
        <translation>{n} 张图像的划分将改变。</translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>Start page</source>
        <translation>起始页</translation>
    </message>
    <message>
        <source>A model draws the mask, you correct it, VOC and COCO come out.</source>
        <translation>模型绘制掩膜，您来修正，产出 VOC 和 COCO。</translation>
    </message>
    <message>
        <source>Open images</source>
        <translation>打开图像</translation>
    </message>
    <message>
        <source>Choose files or a folder; a new project is made for them. The images stay where they are.</source>
        <translation>选择文件或文件夹，即为其新建项目。图像留在原处。</translation>
    </message>
    <message>
        <source>Images…</source>
        <translation>图像…</translation>
    </message>
    <message>
        <source>A folder of images…</source>
        <translation>图像文件夹…</translation>
    </message>
    <message>
        <source>Open the sample project</source>
        <translation>打开示例项目</translation>
    </message>
    <message>
        <source>Ten real and drawn pictures, ready to be pre-labelled. Nothing is downloaded.</source>
        <translation>十张真实与绘制的图片，可直接预标注。无需下载。</translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation>打开项目</translation>
    </message>
    <message>
        <source>Go on where you stopped. Everything that was drawn has been saved.</source>
        <translation>从上次停下之处继续。所绘内容均已保存。</translation>
    </message>
    <message>
        <source>New project…</source>
        <translation>新建项目…</translation>
    </message>
    <message>
        <source>Choose the folder and the classes yourself</source>
        <translation>自行选择文件夹和类别</translation>
    </message>
    <message>
        <source>Or drop images, a folder or a project anywhere on this page.</source>
        <translation>也可将图像、文件夹或项目拖放到本页任意处。</translation>
    </message>
    <message>
        <source>Aerial sample</source>
        <translation>航拍示例</translation>
    </message>
    <message>
        <source>Towns from the air, drawn, with a model that finds buildings</source>
        <translation>绘制的城镇航拍图，附带识别建筑物的模型</translation>
    </message>
    <message>
        <source>Opened last</source>
        <translation>最近打开</translation>
    </message>
    <message>
        <source>Take off this list</source>
        <translation>从列表中去除</translation>
    </message>
    <message>
        <source>not there any more, or its drive is not connected</source>
        <translation>已不存在，或其驱动器未连接</translation>
    </message>
    <message>
        <source>its drive does not answer</source>
        <translation>其驱动器没有响应</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Open a folder of images</source>
        <translation>打开图像文件夹</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Resolved: of all doubt of the model, what lies in pixels that people have set or approved.
Looked at: of the image, what was on the screen at half of its resolution or larger.</source>
        <translation>已解决：模型全部存疑中，位于人工设置或批准的像素内的比例。
已查看：图像中以半分辨率或更高显示过的比例。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>not saved: {reason}</source>
        <translation>未保存：{reason}</translation>
    </message>
    <message>
        <source>in memory only</source>
        <translation>仅在内存中</translation>
    </message>
    <message>
        <source>kept in {place}</source>
        <translation>暂存于 {place}</translation>
    </message>
    <message>
        <source>tried {time}</source>
        <translation>已于 {time} 重试</translation>
    </message>
    <message>
        <source>saving…</source>
        <translation>正在保存…</translation>
    </message>
    <message>
        <source>saved r{revision}</source>
        <translation>已保存 r{revision}</translation>
    </message>
    <message>
        <source>Everything up to here survives a crash and a power cut</source>
        <translation>到此为止的内容在程序崩溃或断电后仍在</translation>
    </message>
    <message>
        <source>read only</source>
        <translation>只读</translation>
    </message>
    <message>
        <source>unlabelled</source>
        <translation>未标注</translation>
    </message>
    <message>
        <source>model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>human</source>
        <translation>人工</translation>
    </message>
    <message>
        <source>imported</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>reviewer</source>
        <translation>审核者</translation>
    </message>
    <message>
        <source>confidence {percent} %</source>
        <translation>置信度 {percent} %</translation>
    </message>
    <message>
        <source>ignore</source>
        <translation>忽略</translation>
    </message>
    <message>
        <source>object {n}</source>
        <translation>对象 {n}</translation>
    </message>
    <message>
        <source>{percent} % resolved</source>
        <translation>已解决 {percent} %</translation>
    </message>
    <message>
        <source>{percent} % looked at</source>
        <translation>已查看 {percent} %</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done}/{total}</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent} %</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消…</translation>
    </message>
    <message>
        <source>{n} s left</source>
        <translation>剩 {n} 秒</translation>
    </message>
    <message>
        <source>{n} min left</source>
        <translation>剩 {n} 分钟</translation>
    </message>
</context>
<context>
    <name>StatusChip</name>
    <message>
        <source>Status: {status}</source>
        <translation>状态：{status}</translation>
    </message>
    <message>
        <source>stale</source>
        <translation>失效</translation>
    </message>
    <message>
        <source>{status} · stale</source>
        <translation>{status} · 失效</translation>
    </message>
    <message>
        <source>Pixels changed since: {n}; the approval is stale.</source>
        <translation>此后更改的像素：{n}；批准已失效。</translation>
    </message>
    <message>
        <source>Undo brings it back.</source>
        <translation>撤销可使其恢复有效。</translation>
    </message>
    <message>
        <source>Nobody has decided on this image.</source>
        <translation>尚无人对此图像作出决定。</translation>
    </message>
    <message>
        <source>A click decides.</source>
        <translation>点击以决定。</translation>
    </message>
</context>
<context>
    <name>TableBox</name>
    <message>
        <source>Copy the selected rows, or all, as text  (Ctrl+C)</source>
        <translation>以文本复制所选行或全部行  (Ctrl+C)</translation>
    </message>
    <message>
        <source>Export to CSV…</source>
        <translation>导出为 CSV…</translation>
    </message>
</context>
<context>
    <name>Tables</name>
    <message>
        <source>image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>page</source>
        <translation>页</translation>
    </message>
    <message>
        <source>split</source>
        <translation>划分</translation>
    </message>
    <message>
        <source>class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>object id</source>
        <translation>对象编号</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>像素</translation>
    </message>
    <message>
        <source>area</source>
        <translation>面积</translation>
    </message>
    <message>
        <source>perimeter</source>
        <translation>周长</translation>
    </message>
    <message>
        <source>longest caliper</source>
        <translation>最长卡尺径</translation>
    </message>
    <message>
        <source>shortest caliper</source>
        <translation>最短卡尺径</translation>
    </message>
    <message>
        <source>equivalent diameter</source>
        <translation>等效直径</translation>
    </message>
    <message>
        <source>regions</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>holes</source>
        <translation>孔洞</translation>
    </message>
    <message>
        <source>centroid x</source>
        <translation>质心 x</translation>
    </message>
    <message>
        <source>centroid y</source>
        <translation>质心 y</translation>
    </message>
    <message>
        <source>left</source>
        <translation>左</translation>
    </message>
    <message>
        <source>top</source>
        <translation>上</translation>
    </message>
    <message>
        <source>right</source>
        <translation>右</translation>
    </message>
    <message>
        <source>bottom</source>
        <translation>下</translation>
    </message>
    <message>
        <source>folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>pages</source>
        <translation>页数</translation>
    </message>
    <message>
        <source>objects</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>volume</source>
        <translation>体积</translation>
    </message>
    <message>
        <source>share of labelled</source>
        <translation>占已标注比例</translation>
    </message>
    <message>
        <source>share of all</source>
        <translation>占全部比例</translation>
    </message>
    <message>
        <source>map x</source>
        <translation>地图 x</translation>
    </message>
    <message>
        <source>map y</source>
        <translation>地图 y</translation>
    </message>
    <message>
        <source>map left</source>
        <translation>地图左</translation>
    </message>
    <message>
        <source>map bottom</source>
        <translation>地图下</translation>
    </message>
    <message>
        <source>map right</source>
        <translation>地图右</translation>
    </message>
    <message>
        <source>map top</source>
        <translation>地图上</translation>
    </message>
    <message>
        <source>map</source>
        <translation>地图</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>sd</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>min</source>
        <translation>最小值</translation>
    </message>
    <message>
        <source>max</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>layer</source>
        <translation>图层</translation>
    </message>
    <message>
        <source>other layer</source>
        <translation>对照图层</translation>
    </message>
    <message>
        <source>kappa</source>
        <translation>kappa</translation>
    </message>
    <message>
        <source>pixel agreement</source>
        <translation>像素一致率</translation>
    </message>
    <message>
        <source>mIoU</source>
        <translation>mIoU</translation>
    </message>
    <message>
        <source>IoU</source>
        <translation>IoU</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation>Dice</translation>
    </message>
    <message>
        <source>precision</source>
        <translation>精确率</translation>
    </message>
    <message>
        <source>recall</source>
        <translation>召回率</translation>
    </message>
    <message>
        <source>only in the first</source>
        <translation>仅在前者</translation>
    </message>
    <message>
        <source>only in the other</source>
        <translation>仅在后者</translation>
    </message>
    <message>
        <source>annotator</source>
        <translation>标注员</translation>
    </message>
    <message>
        <source>when (UTC)</source>
        <translation>时间 (UTC)</translation>
    </message>
    <message>
        <source>status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>pixels right</source>
        <translation>像素正确率</translation>
    </message>
    <message>
        <source>not labelled</source>
        <translation>未标注</translation>
    </message>
</context>
<context>
    <name>TakeOverDialog</name>
    <message>
        <source>Take the project over</source>
        <translation>接管项目</translation>
    </message>
    <message>
        <source>Is {host} gone?</source>
        <translation>{host} 已停用？</translation>
    </message>
    <message>
        <source>The project is open for editing here: {who}.</source>
        <translation>项目正在此处编辑：{who}。</translation>
    </message>
    <message>
        <source>I know that nobody edits it on {host}</source>
        <translation>我确定 {host} 上无人编辑</translation>
    </message>
    <message>
        <source>Take over</source>
        <translation>接管</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Whoever edits a project gives a sign of life every few seconds. Waiting for one…</source>
        <translation>编辑者每隔几秒发出存活信号。正在等待…</translation>
    </message>
    <message>
        <source>Waiting for a sign of life</source>
        <translation>正在等待存活信号</translation>
    </message>
    <message>
        <source>There was a sign of life: the project is being edited. Close it there first.</source>
        <translation>收到存活信号：项目正被编辑。请先在那里关闭。</translation>
    </message>
    <message>
        <source>No sign of life for {n} s. Should {host} be asleep and wake up later, it finds the project taken over and writes nothing more into it.</source>
        <translation>{n} 秒内无存活信号。若 {host} 只是休眠，唤醒后会发现项目已被接管，不再写入。</translation>
    </message>
</context>
<context>
    <name>ThreadCard</name>
    <message>
        <source>Resolve</source>
        <translation>解决</translation>
    </message>
    <message>
        <source>Close  (Esc)</source>
        <translation>关闭  (Esc)</translation>
    </message>
    <message>
        <source>Comment</source>
        <translation>评论</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter begins a line</source>
        <translation>Enter 发送，Shift+Enter 换行</translation>
    </message>
    <message>
        <source>Comment {n}</source>
        <translation>评论 {n}</translation>
    </message>
    <message>
        <source>New comment</source>
        <translation>新评论</translation>
    </message>
    <message>
        <source>{title} · resolved</source>
        <translation>{title} · 已解决</translation>
    </message>
    <message>
        <source>Open it again</source>
        <translation>重新打开</translation>
    </message>
    <message>
        <source>Resolved: nothing is left to be done</source>
        <translation>已解决：无需再处理</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回复</translation>
    </message>
</context>
<context>
    <name>ToolControls</name>
    <message>
        <source>Brush {size} px</source>
        <translation>笔刷 {size} px</translation>
    </message>
</context>
<context>
    <name>TopBar</name>
    <message>
        <source>Top bar</source>
        <translation>顶栏</translation>
    </message>
    <message>
        <source>The class that is painted</source>
        <translation>要涂的类别</translation>
    </message>
    <message>
        <source>Show confidence below</source>
        <translation>置信度显示上限</translation>
    </message>
    <message>
        <source>Hide what the model is surer of than this</source>
        <translation>隐藏模型置信度高于此值的部分</translation>
    </message>
    <message>
        <source>Pre-label</source>
        <translation>预标注</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>no model fits</source>
        <translation>无适用模型</translation>
    </message>
    <message>
        <source>The model that pre-labels</source>
        <translation>用于预标注的模型</translation>
    </message>
    <message>
        <source>No model knows the classes of this project; Pre-label says which names one would know</source>
        <translation>没有模型认识本项目的类别；预标注会说明可用哪些名称</translation>
    </message>
</context>
<context>
    <name>Train</name>
    <message>
        <source>Loop</source>
        <translation>循环</translation>
    </message>
    <message>
        <source>round running · {percent} %</source>
        <translation>正在进行一轮 · {percent} %</translation>
    </message>
    <message>
        <source>no round yet</source>
        <translation>尚无轮次</translation>
    </message>
    <message>
        <source>round {n} {outcome}</source>
        <translation>第 {n} 轮{outcome}</translation>
    </message>
    <message>
        <source>{n} more approvals</source>
        <translation>还需批准 {n} 张</translation>
    </message>
    <message>
        <source>1 more approval</source>
        <translation>再批准 1 幅</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>by default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>A round is running.</source>
        <translation>正在进行一轮。</translation>
    </message>
    <message>
        <source>It stops when the project is closed, and the model in use stays. What it has learnt until then is kept.</source>
        <translation>关闭项目会停止它，仍用原模型。此前所学保留。</translation>
    </message>
    <message>
        <source>A training is running.</source>
        <translation>正在训练。</translation>
    </message>
    <message>
        <source>It stops when the project is closed. It can go on when the project is opened again.</source>
        <translation>关闭项目会停止它。再次打开项目后可继续。</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>留下</translation>
    </message>
    <message>
        <source>Stop it and close</source>
        <translation>停止并关闭</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>running</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>step {step} of {steps}</source>
        <translation>第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>step {step}</source>
        <translation>第 {step} 步</translation>
    </message>
    <message>
        <source>about {time} left</source>
        <translation>约剩 {time}</translation>
    </message>
    <message>
        <source>best {score} at step {step}</source>
        <translation>最佳 {score}，第 {step} 步</translation>
    </message>
    <message>
        <source>validation: {score}</source>
        <translation>验证：{score}</translation>
    </message>
    <message>
        <source>started</source>
        <translation>已开始</translation>
    </message>
    <message>
        <source>went on from here</source>
        <translation>从此处继续</translation>
    </message>
    <message>
        <source>stopped; the best weights so far are kept</source>
        <translation>已停止；保留目前最佳权重</translation>
    </message>
    <message>
        <source>stopped early: validation has not become better for a while</source>
        <translation>提前停止：验证得分已久无改善</translation>
    </message>
    <message>
        <source>the loss is not a number any more; the best weights so far are kept</source>
        <translation>损失不再是数值；保留目前最佳权重</translation>
    </message>
    <message>
        <source>kept</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>not kept</source>
        <translation>不保留</translation>
    </message>
    <message>
        <source>calibrated on whole images: {score}, {kept}</source>
        <translation>在整张图像上校准：{score}，{kept}</translation>
    </message>
    <message>
        <source>{n} steps instead of {before}: the machine is slower than it was</source>
        <translation>{n} 步，原为 {before}：机器比先前慢</translation>
    </message>
    <message>
        <source>{n} steps instead of {before}: the machine is faster than it was</source>
        <translation>{n} 步，原为 {before}：机器比先前快</translation>
    </message>
    <message>
        <source>reading images and labels</source>
        <translation>正在读取图像和标注</translation>
    </message>
    <message>
        <source>measuring on validation images</source>
        <translation>正在测量验证图像</translation>
    </message>
    <message>
        <source>calibrating on whole images</source>
        <translation>正在整张图像上校准</translation>
    </message>
    <message>
        <source>stopping</source>
        <translation>正在停止</translation>
    </message>
    <message>
        <source>finishing</source>
        <translation>正在收尾</translation>
    </message>
    <message>
        <source>A minute or two, to see whether labels and classes can be learnt at all.</source>
        <translation>一两分钟，用于检验标注和类别能否学会。</translation>
    </message>
    <message>
        <source>Cells and other small things, from random weights, with no file needed.</source>
        <translation>细胞及其他小目标，从随机权重开始，无需文件。</translation>
    </message>
    <message>
        <source>Roofs and fields from above at 10 to 20 cm a pixel (coarser: scale 1), from random weights.</source>
        <translation>俯视的屋顶和田地，每像素 10 至 20 cm（更粗则放大倍数取 1），从随机权重开始。</translation>
    </message>
    <message>
        <source>Streets, rooms and whatever has an above and a below, from random weights.</source>
        <translation>街道、室内等有上下之分的场景，从随机权重开始。</translation>
    </message>
    <message>
        <source>The best with few images and a GPU; needs a file of the encoder&apos;s weights.</source>
        <translation>图像少且有 GPU 时最佳；需要编码器权重文件。</translation>
    </message>
    <message>
        <source>aerial</source>
        <translation>航拍</translation>
    </message>
    <message>
        <source>pretrained</source>
        <translation>预训练</translation>
    </message>
    <message>
        <source>quick</source>
        <translation>快速</translation>
    </message>
    <message>
        <source>scenes</source>
        <translation>场景</translation>
    </message>
    <message>
        <source>small-things</source>
        <translation>小目标</translation>
    </message>
</context>
<context>
    <name>TrainWorkspace</name>
    <message>
        <source>New training</source>
        <translation>新建训练</translation>
    </message>
    <message>
        <source>Add a model</source>
        <translation>添加模型</translation>
    </message>
    <message>
        <source>{file} is written</source>
        <translation>已写入 {file}</translation>
    </message>
    <message>
        <source>Stopping; the best weights so far are kept</source>
        <translation>正在停止；保留目前最佳权重</translation>
    </message>
    <message>
        <source>The training begins: its labels are being written.</source>
        <translation>训练开始：正在写入标注。</translation>
    </message>
    <message>
        <source>{name} has left a model.</source>
        <translation>{name} 已产出模型。</translation>
    </message>
    <message>
        <source>{name} has ended without a model.</source>
        <translation>{name} 已结束，未产出模型。</translation>
    </message>
    <message>
        <source>{name} pre-labels from now on</source>
        <translation>此后由 {name} 预标注</translation>
    </message>
    <message>
        <source>the project has no image called {name} any more</source>
        <translation>项目中已没有名为 {name} 的图像</translation>
    </message>
</context>
<context>
    <name>Troubles</name>
    <message>
        <source>Its file is missing.</source>
        <translation>文件缺失。</translation>
    </message>
    <message>
        <source>Its file is another one now.</source>
        <translation>文件已不是原来的文件。</translation>
    </message>
    <message>
        <source>Its labels are damaged.</source>
        <translation>标注已损坏。</translation>
    </message>
    <message>
        <source>Its file is missing, or another one now.</source>
        <translation>文件缺失，或已不是原来的文件。</translation>
    </message>
</context>
<context>
    <name>Unopened</name>
    <message>
        <source>Its labels are safe in the project.</source>
        <translation>标注在项目中完好无损。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Find it…</source>
        <translation>查找…</translation>
    </message>
    <message>
        <source>The labels of {name} are damaged</source>
        <translation>{name} 的标注已损坏</translation>
    </message>
    <message>
        <source>No mask is shown instead of them. Other images can be worked on.</source>
        <translation>不会用其他掩膜代替。可以继续处理其他图像。</translation>
    </message>
    <message>
        <source>They can be restored where the project is open for editing.</source>
        <translation>在以编辑方式打开项目的窗口中可以恢复。</translation>
    </message>
    <message>
        <source>Restore the labels…</source>
        <translation>恢复标注…</translation>
    </message>
    <message>
        <source>{name} could not be opened</source>
        <translation>无法打开 {name}</translation>
    </message>
    <message>
        <source>{name} is missing</source>
        <translation>{name} 缺失</translation>
    </message>
    <message>
        <source>The file was moved, renamed or deleted, or its drive is not connected. {safe}</source>
        <translation>文件被移动、重命名或删除，或其驱动器未连接。{safe}</translation>
    </message>
    <message>
        <source>The file of {name} is another one now</source>
        <translation>{name} 的文件已不是原来的文件</translation>
    </message>
    <message>
        <source>It was replaced, changed or damaged: it holds other bytes than when it was added. {safe} They are not shown on a picture that they do not belong to.</source>
        <translation>文件被替换、更改或损坏：内容与添加时不同。{safe}标注不会显示在不属于它的图片上。</translation>
    </message>
    <message>
        <source>{name} cannot be read</source>
        <translation>无法读取 {name}</translation>
    </message>
    <message>
        <source>Still opening {name}: it is a large image, or its drive does not answer.</source>
        <translation>仍在打开 {name}：图像很大，或其所在的驱动器没有响应。</translation>
    </message>
</context>
<context>
    <name>Unsaved</name>
    <message>
        <source>disk full (needs {size})</source>
        <translation>磁盘已满（需要 {size}）</translation>
    </message>
    <message>
        <source>disk full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>the disk does not answer</source>
        <translation>磁盘没有响应</translation>
    </message>
    <message>
        <source>{image}: changes that could not be saved before are saved now: {n}</source>
        <translation>{image}：之前无法保存的更改现已保存：{n}</translation>
    </message>
    <message>
        <source>somebody</source>
        <translation>某人</translation>
    </message>
    <message>
        <source>{image} was changed elsewhere meanwhile (r{revision} by {who}). That is the annotation now. Yours is kept beside it as the layer “{layer}”, with what was not saved (changes: {n}). Compare the two in Review, and take over what you want.</source>
        <translation>{image} 期间在别处被更改（r{revision}，由 {who}）。现在以该版本为标注。您的版本连同未保存的内容（更改数：{n}）作为图层“{layer}”保留在旁边。请在“审核”中比较两者，并采用您需要的部分。</translation>
    </message>
    <message>
        <source>{image}: changes of the last session still wait to be saved: {n}. They are shown and kept; you can go on, and saving is tried again all the time.</source>
        <translation>{image}：上次会话仍有 {n} 处更改等待保存。它们已显示并妥善保留；您可以继续工作，程序会不断重试保存。</translation>
    </message>
    <message>
        <source>Bring back unsaved work</source>
        <translation>找回未保存的工作</translation>
    </message>
    <message>
        <source>Unsaved work</source>
        <translation>未保存的工作</translation>
    </message>
    <message>
        <source>These changes are shown already, and wait to be saved.</source>
        <translation>这些更改已经显示，正在等待保存。</translation>
    </message>
    <message>
        <source>nothing can be brought back while saving fails: {reason}</source>
        <translation>保存失败期间无法取回任何内容：{reason}</translation>
    </message>
    <message>
        <source>Try again once everything is saved; the file stays where it is</source>
        <translation>请在全部保存后重试；文件保留在原处</translation>
    </message>
    <message>
        <source>These changes are in the project already.</source>
        <translation>这些更改已在项目中。</translation>
    </message>
</context>
<context>
    <name>UnsavedDialog</name>
    <message>
        <source>Not everything is saved</source>
        <translation>尚有内容未保存</translation>
    </message>
    <message>
        <source>discard</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>To lose these changes for good, type “{word}”:</source>
        <translation>要永久放弃这些更改，请输入“{word}”：</translation>
    </message>
    <message>
        <source>Discard the changes</source>
        <translation>放弃更改</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Save elsewhere…</source>
        <translation>保存到别处…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>留下</translation>
    </message>
    <message>
        <source>Changes that could not be saved: {n}</source>
        <translation>无法保存的更改：{n}</translation>
    </message>
    <message>
        <source>and {n} more images</source>
        <translation>以及另外 {n} 幅图像</translation>
    </message>
    <message>
        <source>They are in memory only: closing now would lose them.</source>
        <translation>它们只在内存中：现在关闭会丢失。</translation>
    </message>
    <message>
        <source>comment on {image}</source>
        <translation>{image} 上的评论</translation>
    </message>
    <message>
        <source>verdict on {image}</source>
        <translation>{image} 上的裁定</translation>
    </message>
    <message>
        <source>change of the references of {image}</source>
        <translation>对 {image} 的参照的更改</translation>
    </message>
    <message>
        <source>What waits for these changes, too, and is not kept: {what}.</source>
        <translation>同样在等待这些更改、且未被保留的内容：{what}。</translation>
    </message>
    <message>
        <source>Tried again at {time}: {reason}</source>
        <translation>已于 {time} 重试：{reason}</translation>
    </message>
    <message>
        <source>They are kept in {place}. Later, with this project open, choose File, Bring back unsaved work… and that file.</source>
        <translation>它们保存在 {place}。以后打开此项目，选择“文件”&gt;“找回未保存的工作…”并选中该文件。</translation>
    </message>
    <message>
        <source>They are kept in {place}, and go into this project by themselves when it is opened again.</source>
        <translation>它们暂存于 {place}，再次打开此项目时会自动写入。</translation>
    </message>
    <message>
        <source>Trying…</source>
        <translation>正在重试…</translation>
    </message>
    <message>
        <source>Where to keep the changes</source>
        <translation>更改保存到哪里</translation>
    </message>
    <message>
        <source>Decisions that wait for these changes: {images}. They are not kept: closing now loses them, and they are to be made again.</source>
        <translation>等待这些更改的决定：{images}。它们不会被保留：现在关闭将丢失这些决定，需要重新做出。</translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>{n} s</source>
        <translation>{n} 秒</translation>
    </message>
    <message>
        <source>{n} min</source>
        <translation>{n} 分钟</translation>
    </message>
    <message>
        <source>{n} h</source>
        <translation>{n} 小时</translation>
    </message>
</context>
<context>
    <name>Workspaces</name>
    <message>
        <source>Workspaces</source>
        <translation>工作区</translation>
    </message>
</context>
</TS>
